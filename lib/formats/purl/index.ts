/** A package URL taken apart (purl specification, now ECMA-427). All parts are decoded. */
export interface PackageUrl {
  readonly type: string;
  /** Segments joined by `/`; an npm scope with its `@`. */
  readonly namespace?: string;
  readonly name: string;
  readonly version?: string;
  /** Keys in lower case. */
  readonly qualifiers?: ReadonlyMap<string, string>;
  readonly subpath?: string;
}

/**
 * Writes a package URL. Percent-encodes all but `A-Z a-z 0-9 . - _ ~` in name, version and qualifiers (the colon too, as
 * Syft does: readers decode it, and writers that leave it bare get another text for the same package). Qualifiers
 * are sorted, empty ones left out.
 */
export function formatPackageUrl(purl: PackageUrl): string {
  const namespace = segments(purl.namespace).map(encode);
  const qualifiers = [...(purl.qualifiers ?? [])].filter(([, value]) => value !== '');
  qualifiers.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const query = qualifiers.map(([key, value]) => `${key.toLowerCase()}=${encode(value)}`).join('&');
  const subpath = segments(purl.subpath).map(encode).join('/');
  return [
    `pkg:${[purl.type.toLowerCase(), ...namespace, encode(purl.name)].join('/')}`,
    purl.version ? `@${encode(purl.version)}` : '',
    query === '' ? '' : `?${query}`,
    subpath === '' ? '' : `#${subpath}`,
  ].join('');
}

/** Longer texts are no package URLs but an attempt at something else. */
const MAX_LENGTH = 8192;
const TYPE = /^[a-z][a-z0-9.+-]*$/;
const QUALIFIER_KEY = /^[a-z][a-z0-9._-]*$/;

/** Reads a package URL in the order that the specification gives ("How to parse a purl string"); undefined if it is none. */
export function parsePackageUrl(text: string): PackageUrl | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [beforeHash, subpathText] = splitOnce(text, '#');
  const [beforeQuery, queryText] = splitOnce(beforeHash, '?');
  if (!/^pkg:/i.test(beforeQuery)) return undefined;
  const rest = beforeQuery.slice(4).replace(/^\/+|\/+$/g, '');
  const slash = rest.indexOf('/');
  if (slash < 0) return undefined;
  const type = rest.slice(0, slash).toLowerCase();
  // A version may hold an encoded `/` or `@`, never a bare slash; a scope's `@` is encoded or stands before the last slash.
  const path = rest.slice(slash + 1);
  const at = path.lastIndexOf('@');
  const hasVersion = at > 0 && at > path.lastIndexOf('/') + 1;
  const parts = segments(hasVersion ? path.slice(0, at) : path).map(decode);
  const name = parts.pop();
  const version = hasVersion ? decode(path.slice(at + 1)) : undefined;
  const qualifiers = parseQualifiers(queryText);
  const subpath = segments(subpathText).map(decode);
  if (!TYPE.test(type) || !name || (hasVersion && version === undefined)) return undefined;
  if (qualifiers === undefined || parts.includes(undefined) || subpath.includes(undefined)) return undefined;
  return {
    type,
    ...(parts.length === 0 ? {} : { namespace: parts.join('/') }),
    name,
    ...(version ? { version } : {}),
    ...(qualifiers.size === 0 ? {} : { qualifiers }),
    ...(subpath.length === 0 ? {} : { subpath: subpath.join('/') }),
  };
}

function parseQualifiers(text: string | undefined): Map<string, string> | undefined {
  const qualifiers = new Map<string, string>();
  for (const pair of text ? text.split('&') : []) {
    const [key, raw] = splitOnce(pair, '=');
    const value = raw === undefined ? undefined : decode(raw);
    const name = key.toLowerCase();
    if (value === undefined || !QUALIFIER_KEY.test(name) || qualifiers.has(name)) return undefined;
    if (value !== '') qualifiers.set(name, value);
  }
  return qualifiers;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** The parts of a namespace or subpath; empty, `.` and `..` ones have no meaning there. */
const segments = (text: string | undefined): string[] =>
  (text ?? '').split('/').filter((part) => part !== '' && part !== '.' && part !== '..');

// encodeURIComponent leaves `!'()*` bare and throws on lone surrogates, which file names may bring in.
const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
