export interface LuaTable {
  /** `key = "text"`. */
  readonly texts: ReadonlyMap<string, string>;
  /** Texts without a key. */
  readonly items: readonly string[];
}

export interface LuaAssignments {
  readonly texts: ReadonlyMap<string, string>;
  readonly tables: ReadonlyMap<string, LuaTable>;
}

type Token = { readonly type: 'text' | 'name' | 'sign'; readonly value: string };

const MAX_TOKENS = 200_000;

/**
 * Reads what a Lua file assigns to its variables, without running it: texts, texts joined by `..` out of texts and
 * variables known before, and tables of texts one level deep. All other code is passed over.
 */
export function readLuaAssignments(source: string): LuaAssignments {
  const texts = new Map<string, string>();
  const tables = new Map<string, { texts: Map<string, string>; items: string[] }>();
  const tokens = tokenize(source);
  let depth = 0;
  let table: { texts: Map<string, string>; items: string[] } | undefined;
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i];
    const next = tokens[i + 1];
    if (token?.type === 'sign' && token.value === '{') depth++;
    else if (token?.type === 'sign' && token.value === '}') depth = Math.max(0, depth - 1);
    else if (token?.type === 'name' && next?.value === '=' && depth <= 1) {
      const value = readText(tokens, i + 2, texts);
      if (depth === 0) table = undefined;
      if (value && depth === 0) texts.set(token.value, value.text);
      else if (value) table?.texts.set(token.value, value.text);
      else if (depth === 0 && tokens[i + 2]?.value === '{') {
        table = { texts: new Map(), items: [] };
        tables.set(token.value, table);
      }
      i = value?.end ?? i + 2;
      continue;
    } else if (token?.type === 'text' && depth === 1) table?.items.push(token.value);
    i++;
  }
  return { texts, tables };
}

function readText(
  tokens: readonly Token[],
  start: number,
  known: ReadonlyMap<string, string>,
): { readonly text: string; readonly end: number } | undefined {
  let text = '';
  for (let i = start; ; i += 2) {
    const token = tokens[i];
    const part = token?.type === 'text' ? token.value : token?.type === 'name' ? known.get(token.value) : undefined;
    if (part === undefined || text.length + part.length > 4096) return undefined;
    text += part;
    const next = tokens[i + 1];
    if (next?.type !== 'sign' || next.value !== '..') return { text, end: i + 1 };
  }
}

// Lua 5.4 reference manual, section 3.1. Numbers are names here: `2 .. "-1"` joins them as texts do.
const LONG = /(--)?\[(=*)\[/y;
const TOKEN = /--[^\n]*|"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'|([A-Za-z0-9_]+)|(\.\.|\S)|\s+/y;

/** @throws SyntaxError where a long text or comment has no end: looking for it at each place would take too long */
function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length; ) {
    LONG.lastIndex = at;
    const long = LONG.exec(source);
    if (long) {
      const close = `]${long[2]}]`;
      const start = at + long[0].length;
      const end = source.indexOf(close, start);
      if (end < 0) throw new SyntaxError('a long text has no end');
      if (!long[1]) tokens.push({ type: 'text', value: source.slice(start, end).replace(/^\r?\n/, '') });
      at = end + close.length;
    } else {
      TOKEN.lastIndex = at;
      const match = TOKEN.exec(source);
      if (!match) throw new SyntaxError('it is no Lua');
      pushToken(tokens, match);
      at += match[0].length;
    }
    if (tokens.length > MAX_TOKENS) throw new RangeError('the file is too long');
  }
  return tokens;
}

function pushToken(tokens: Token[], [, double, single, name, sign]: RegExpExecArray): void {
  const quoted = double ?? single;
  if (quoted !== undefined) tokens.push({ type: 'text', value: quoted.replace(/\\([\s\S])/g, '$1') });
  else if (name !== undefined) tokens.push({ type: 'name', value: name });
  else if (sign !== undefined) tokens.push({ type: 'sign', value: sign });
}
