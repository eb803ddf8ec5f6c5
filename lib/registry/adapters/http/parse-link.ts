const MAX_LENGTH = 16 * 1024;

/**
 * The target of the first link with relation `next` in a `Link` header (RFC 8288, section 3), as written: absolute or
 * relative, unchecked. `undefined` where there is none.
 */
export function parseNextLink(header: string): string | undefined {
  let rest = header.slice(0, MAX_LENGTH);
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '');
    const target = /^<([^>]*)>/.exec(rest);
    if (target === null) return undefined;
    rest = rest.slice(target[0].length);
    const parameters = readParameters(rest);
    if (parameters.relations.includes('next')) return target[1];
    rest = parameters.rest;
  }
}

function readParameters(text: string): { readonly relations: readonly string[]; readonly rest: string } {
  const pattern = /\s*;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]*)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?/sy;
  let relations: readonly string[] | undefined;
  let at = 0;
  for (;;) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return { relations: relations ?? [], rest: text.slice(at) };
    at = pattern.lastIndex;
    const value = (found[2] ?? '').replace(/^"|"$/g, '').replace(/\\(.)/gs, '$1');
    // RFC 8288, section 3.3: occurrences of `rel` after the first are ignored.
    if (found[1]?.toLowerCase() === 'rel') relations ??= value.toLowerCase().split(/\s+/);
  }
}
