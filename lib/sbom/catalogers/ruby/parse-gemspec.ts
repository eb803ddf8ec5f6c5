import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    licenses: z.array(z.string()),
    authors: z.array(z.string()),
    /** Names of what it needs at run time. */
    requires: z.array(z.string()),
  }),
);
export type GemRecord = z.infer<ReturnType<typeof schema>>;

/** The specification of an installed gem, also of Ruby's own (`specifications/default`). */
export const gemspecFile: FileKind<GemRecord> = {
  id: 'ruby-gemspec',
  version: 1,
  match: { extensions: ['gemspec'], accepts: (path) => /(?:^|\/)specifications\/(?:.*\/)?[^/]+\.gemspec$/.test(path) },
  maxBytes: 4 * 1024 * 1024,
  importance: 'file',
  parse: (content) => parseGemspec(content.toString('utf8')),
  schema,
};

const MAX_LINE = 16 * 1024;
const MAX_NAMES = 2000;

/**
 * Reads a gemspec without running it. Those of installed gems are written by RubyGems (`Specification#to_ruby`): a comment
 * `# stub: name version platform paths` that RubyGems itself reads instead of the whole, and one assignment a line. Where
 * name or version is computed, and there is no such comment, the gem cannot be told.
 */
function parseGemspec(text: string): GemRecord | undefined {
  let name = '';
  let version = '';
  let stub: readonly string[] = [];
  const licenses: string[] = [];
  const authors: string[] = [];
  const requires = new Set<string>();
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line.length > MAX_LINE) continue;
    if (line.startsWith('# stub: ')) stub = line.slice(8).split(' ');
    const field = /^\w+\.(\w+)[\s(=]/.exec(line)?.[1];
    if (field === undefined) continue;
    const rest = line.slice(line.indexOf('.') + 1 + field.length);
    if (field === 'name') name ||= firstText(rest);
    else if (field === 'version') version ||= firstText(rest);
    else if (field === 'license' || field === 'licenses') licenses.push(...texts(rest));
    else if (field === 'author' || field === 'authors') authors.push(...texts(rest));
    else if (field === 'add_dependency' || field === 'add_runtime_dependency') {
      const needed = firstText(rest);
      if (needed !== '' && requires.size < MAX_NAMES) requires.add(needed);
    }
  }
  name ||= stub[0] ?? '';
  version ||= stub[1] ?? '';
  if (name === '' || version === '') return undefined;
  return { name, version, licenses, authors, requires: [...requires] };
}

const firstText = (code: string): string => texts(code)[0] ?? '';

/** The string literals of a piece of Ruby: `"…"`, `'…'` and `%q<…>`; one that computes its value (`#{…}`) is none. */
function texts(code: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < code.length && found.length < MAX_NAMES; at++) {
    const quote = code[at];
    if (quote !== '"' && quote !== "'" && !code.startsWith('%q<', at)) continue;
    const start = quote === '%' ? at + 3 : at + 1;
    const end = endOfText(code, start, quote === '"' || quote === "'" ? quote : '>');
    if (end < 0) break;
    const text = code.slice(start, end);
    const value = quote === '"' ? rubyText(text) : text;
    if (value !== '' && !(quote === '"' && text.includes('#{'))) found.push(value);
    at = end;
  }
  return found;
}

function endOfText(code: string, start: number, close: string): number {
  for (let at = start; at < code.length; at++) {
    if (code[at] === '\\' && close === '"') at++;
    else if (code[at] === close) return at;
  }
  return -1;
}

const rubyText = (text: string): string =>
  text.replace(/\\u([0-9A-Fa-f]{4})|\\(.)/g, (_whole, code: string | undefined, char: string | undefined) =>
    code === undefined ? (char ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
  );
