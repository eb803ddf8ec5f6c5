/** One paragraph of a control file, keys in lower case: field names are not case-sensitive (Debian Policy 5.1). */
export type ControlParagraph = ReadonlyMap<string, string>;

/**
 * Reads the paragraphs of a Debian control file (Debian Policy, section 5.1; deb822(5)): `Field: value` lines, values
 * continued on lines that begin with a space or tab, paragraphs parted by empty lines.
 *
 * @param wanted names, in lower case, of the fields to keep: a package database is mostly descriptions, which nobody needs.
 * Lines that are neither field nor continuation are passed over, and of a repeated field the first counts, as dpkg would
 * have refused the rest.
 */
export function* parseControl(text: string, wanted: ReadonlySet<string>): Generator<ControlParagraph> {
  let paragraph = new Map<string, string>();
  let field: string | undefined;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const first = text.charCodeAt(at);
    if (first === 0x20 || first === 0x09) {
      if (field !== undefined && end > at) {
        paragraph.set(field, `${paragraph.get(field) ?? ''}\n${text.slice(at, end).trim()}`);
      }
    } else if (isBlank(text, at, end)) {
      if (paragraph.size > 0) yield paragraph;
      paragraph = new Map();
      field = undefined;
    } else {
      const colon = text.indexOf(':', at);
      const name = colon < 0 || colon >= end ? '' : text.slice(at, colon).trim().toLowerCase();
      field = wanted.has(name) && !paragraph.has(name) ? name : undefined;
      if (field !== undefined) paragraph.set(field, text.slice(colon + 1, end).trim());
    }
    at = end + 1;
  }
  if (paragraph.size > 0) yield paragraph;
}

function isBlank(text: string, at: number, end: number): boolean {
  return end === at || (end === at + 1 && text.charCodeAt(at) === 0x0d);
}

/** `Source: glibc (2.36-9)`: the version stands there only where it is not the binary package's own. */
export function parseSource(value: string): { readonly name: string; readonly version?: string } {
  const open = value.indexOf('(');
  const name = (open < 0 ? value : value.slice(0, open)).trim();
  const version =
    open < 0
      ? ''
      : value
          .slice(open + 1)
          .replace(')', '')
          .trim();
  return version === '' ? { name } : { name, version };
}

/** The package names of a relationship field, one list of alternatives for each comma (Debian Policy, section 7.1). */
export function parseRelations(value: string): string[][] {
  const clauses: string[][] = [];
  for (const clause of value.split(',')) {
    const names: string[] = [];
    for (const alternative of clause.split('|')) {
      const name = /^\s*([a-zA-Z0-9][a-zA-Z0-9+.-]*)/.exec(alternative)?.[1];
      if (name) names.push(name);
    }
    if (names.length > 0) clauses.push(names);
  }
  return clauses;
}
