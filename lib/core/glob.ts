/**
 * Globs over names with `/`: `*` is any run without a slash, `**` any run, `?` one character without a slash; all else
 * is literal. Matching takes time in proportion to text × pattern, whatever the pattern: no regular expression of a
 * user is ever run.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  return matches(tokenize(pattern), text);
}

/** The same for many texts: the patterns are read once. */
export function compileGlobs(patterns: readonly string[]): (text: string) => boolean {
  if (patterns.includes('**')) return () => true;
  const compiled = patterns.map(tokenize);
  return (text) => compiled.some((tokens) => matches(tokens, text));
}

export const matchesAnyGlob = (patterns: readonly string[], text: string): boolean => compileGlobs(patterns)(text);

function matches(tokens: readonly Token[], text: string): boolean {
  // A set of positions in the pattern that the text read so far can have reached (an automaton without backtracking).
  let reached = closure(tokens, new Set([0]));
  for (const character of text) {
    const next = new Set<number>();
    for (const position of reached) {
      const token = tokens[position];
      if (token === undefined) continue;
      if (token.kind === 'many') {
        if (token.slashes || character !== '/') next.add(position);
      } else if (token.kind === 'one') {
        if (character !== '/') next.add(position + 1);
      } else if (token.character === character) next.add(position + 1);
    }
    if (next.size === 0) return false;
    reached = closure(tokens, next);
  }
  return reached.has(tokens.length);
}

type Token =
  | { readonly kind: 'many'; readonly slashes: boolean }
  | { readonly kind: 'one' }
  | { readonly kind: 'literal'; readonly character: string };

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] as string;
    if (character === '*') {
      const slashes = characters[i + 1] === '*';
      if (slashes) i++;
      tokens.push({ kind: 'many', slashes });
    } else if (character === '?') tokens.push({ kind: 'one' });
    else tokens.push({ kind: 'literal', character });
  }
  return tokens;
}

/** A star can stand for nothing, so whoever reaches it has also reached what follows. */
function closure(tokens: readonly Token[], positions: Set<number>): Set<number> {
  for (const position of positions) if (tokens[position]?.kind === 'many') positions.add(position + 1);
  return positions;
}
