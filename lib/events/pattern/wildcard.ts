/**
 * `*` stands for any number of characters; `\*` and `\\` for themselves; nothing else may be escaped and two stars may
 * not follow each other. Matching is by `indexOf` from part to part, so it never backtracks.
 */
export function compileWildcard(pattern: string, fail: (why: string) => never): (text: string) => boolean {
  const parts = splitAtStars(pattern, fail);
  const first = parts[0] ?? '';
  if (parts.length === 1) return (text) => text === first;
  const last = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

function splitAtStars(pattern: string, fail: (why: string) => never): readonly string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    const next = pattern[i + 1];
    if (c === '*') {
      if (next === '*') return fail(`consecutive wildcard characters at position ${i}`);
      parts.push(part);
      part = '';
    } else if (c === '\\') {
      if (next !== '*' && next !== '\\') return fail(`invalid escape character at position ${i}`);
      part += next;
      i++;
    } else {
      part += c;
    }
  }
  return [...parts, part];
}
