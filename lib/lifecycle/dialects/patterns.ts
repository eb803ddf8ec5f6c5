/** What has a meaning in RE2 and stands for itself in a name. */
const special = /[\\^$.|?*+()[\]{}]/g;

/** A pattern in RE2 syntax that matches a text just when the glob (see `lib/core/glob.ts`) does. */
export function globToPattern(glob: string): string {
  const parts = glob.split(/(\*\*|\*|\?)/).map((part) => {
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replace(special, '\\$&');
  });
  return `^${parts.join('')}$`;
}

export const wholePattern = (pattern: string): string => `\\A(?:${pattern})\\z`;

/**
 * A doublestar pattern (`*`, `**`, `?`, `[a-z]`, `{a,b}`; github.com/bmatcuk/doublestar) as a pattern in RE2 syntax,
 * or undefined where it is malformed.
 */
export function doublestarToPattern(glob: string): string | undefined {
  let out = '^';
  let depth = 0;
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i] as string;
    if (char === '*') {
      const many = glob[i + 1] === '*';
      if (many) i++;
      out += many ? '.*' : '[^/]*';
    } else if (char === '?') out += '[^/]';
    else if (char === '[') {
      const end = glob.indexOf(']', i + 2);
      if (end < 0) return undefined;
      out += characterClass(glob.slice(i + 1, end));
      i = end;
    } else if (char === '{') {
      depth++;
      out += '(?:';
    } else if (char === '}' && depth > 0) {
      depth--;
      out += ')';
    } else if (char === ',' && depth > 0) out += '|';
    else if (char === '\\') {
      i++;
      if (i >= glob.length) return undefined;
      out += (glob[i] as string).replace(special, '\\$&');
    } else out += char.replace(special, '\\$&');
  }
  return depth === 0 ? `${out}$` : undefined;
}

function characterClass(inner: string): string {
  const negated = inner.startsWith('^') || inner.startsWith('!');
  const set = (negated ? inner.slice(1) : inner).replace(/[\\[\]^]/g, '\\$&');
  return negated ? `[^${set}]` : `[${set}]`;
}

/** `{a,b}` of a doublestar pattern, multiplied out into globs of ours; undefined for what our globs cannot say. */
export function doublestarToGlobs(glob: string): readonly string[] | undefined {
  if (/[[\]\\]/.test(glob)) return undefined;
  const open = glob.indexOf('{');
  if (open < 0) return glob.includes('}') ? undefined : [glob];
  const close = glob.indexOf('}', open);
  const inner = glob.slice(open + 1, close);
  if (close < 0 || inner.includes('{')) return undefined;
  const all = inner.split(',').map((one) => doublestarToGlobs(glob.slice(0, open) + one + glob.slice(close + 1)));
  return all.some((one) => one === undefined) ? undefined : all.flatMap((one) => one ?? []);
}
