import { LadingError } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Parses JSON from strangers: refuses nesting over `maxDepth`, texts over `maxBytes`, and an object that names a key
 * twice (two readers would disagree about such a manifest). Objects get a null prototype, so that a key named
 * `__proto__` is data and nothing else.
 *
 * @throws LadingError `json-invalid`
 */
export function parseJsonStrict(
  input: string | Uint8Array,
  options: { readonly maxDepth?: number; readonly maxBytes?: number; readonly what?: string } = {},
): unknown {
  const { maxDepth = 100, maxBytes = 64 * 1024 * 1024, what = 'the document' } = options;
  const fail = (why: string, cause?: unknown): never => {
    throw new LadingError('json-invalid', `${what} is not acceptable JSON: ${why}`, { cause });
  };
  if (input.length > maxBytes) return fail(`it is over ${maxBytes} bytes`);
  let text: string;
  try {
    text = typeof input === 'string' ? input : new TextDecoder('utf-8', { fatal: true }).decode(input);
  } catch (error) {
    return fail('it is not UTF-8', error);
  }
  const problem = inspect(text, maxDepth);
  if (problem) return fail(problem);
  try {
    return JSON.parse(text, (_key, value: unknown) =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.assign(Object.create(null), value)
        : value,
    );
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'syntax', error);
  }
}

/** One pass over the text before `JSON.parse`, which would recurse and would keep the last of two equal keys. */
function inspect(text: string, maxDepth: number): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      const end = stringEnd(text, i);
      if (end < 0) return 'a string does not end';
      const keys = open.at(-1);
      if (keys && isKey(text, end)) {
        const key = unquote(text.slice(i, end + 1));
        if (key === undefined) return 'a key has a bad escape';
        if (keys.has(key)) return `the key ${JSON.stringify(key.slice(0, 80))} appears twice`;
        keys.add(key);
      }
      i = end;
    } else if (c === 0x7b || c === 0x5b) {
      open.push(c === 0x7b ? new Set() : undefined);
      if (open.length > maxDepth) return `it is nested over ${maxDepth} deep`;
    } else if (c === 0x7d || c === 0x5d) {
      open.pop();
    }
  }
  return undefined;
}

function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x22) return i;
  }
  return -1;
}

function isKey(text: string, end: number): boolean {
  for (let i = end + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x3a) return true;
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return false;
  }
  return false;
}

function unquote(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

/**
 * JSON with sorted keys and no white space, so that equal values have equal bytes (the idea of RFC 8785; numbers are
 * written as ECMAScript does, which is what that RFC asks). `undefined` members are left out.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`;
}
