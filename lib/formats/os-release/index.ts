/** The fields of os-release(5) that tell which distribution and release a file tree is. Absent fields are left out. */
export interface OsRelease {
  readonly id?: string;
  readonly idLike?: readonly string[];
  readonly name?: string;
  readonly prettyName?: string;
  readonly version?: string;
  readonly versionId?: string;
  readonly versionCodename?: string;
  readonly buildId?: string;
  readonly variantId?: string;
  readonly cpeName?: string;
  /** `SUPPORT_END` as written: `2028-06-30`. */
  readonly supportEnd?: string;
}

const FIELDS: ReadonlyMap<string, Exclude<keyof OsRelease, 'idLike'>> = new Map([
  ['ID', 'id'],
  ['NAME', 'name'],
  ['PRETTY_NAME', 'prettyName'],
  ['VERSION', 'version'],
  ['VERSION_ID', 'versionId'],
  ['VERSION_CODENAME', 'versionCodename'],
  ['BUILD_ID', 'buildId'],
  ['VARIANT_ID', 'variantId'],
  ['CPE_NAME', 'cpeName'],
  ['SUPPORT_END', 'supportEnd'],
]);

/** Over this many characters a value is no name of a release. */
const MAX_VALUE = 256;

/**
 * Reads shell-compatible assignments as os-release(5) defines them: comments, quotes, and backslash escapes; the last
 * assignment of a name counts, as in a shell. Lines that are no assignments are passed over.
 */
export function parseOsRelease(text: string): OsRelease {
  const fields: { -readonly [K in keyof OsRelease]: OsRelease[K] } = {};
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    const equals = trimmed.indexOf('=');
    if (equals <= 0 || trimmed.startsWith('#')) continue;
    const key = trimmed.slice(0, equals);
    const value = unquote(trimmed.slice(equals + 1));
    if (value === '' || value.length > MAX_VALUE) continue;
    const field = FIELDS.get(key);
    if (field) fields[field] = value;
    else if (key === 'ID_LIKE') fields.idLike = value.split(/\s+/).filter((part) => part !== '');
  }
  return fields;
}

function unquote(text: string): string {
  const quote = text[0];
  if (quote === "'") return text.length > 1 && text.endsWith("'") ? text.slice(1, -1) : text.slice(1);
  const inner = quote === '"' ? text.slice(1, text.length > 1 && text.endsWith('"') ? -1 : undefined) : text;
  return inner.replace(/\\([\\"'$`])/g, '$1');
}
