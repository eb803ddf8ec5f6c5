/**
 * What a document says where nothing tells a version. Formats leave the field optional, but a reader cannot tell a version
 * that is unknown from one that was forgotten; Syft writes, and Grype reads, this word.
 */
export const UNKNOWN_VERSION = 'UNKNOWN';

export const writtenVersion = (version: string): string => (version === '' ? UNKNOWN_VERSION : version);
export const readVersion = (words: string | undefined): string =>
  words === undefined || words === UNKNOWN_VERSION ? '' : words;

/**
 * The version as matchers order it and purls have it. Go names its releases `go1.21.0`, and so does what it builds; its
 * advisories, and `pkg:golang/stdlib`, have `1.21.0`.
 */
export const orderedVersion = (type: string, version: string): string =>
  type === 'golang' ? version.replace(/^go(?=\d)/, '') : version;

/**
 * The version in the documents that others read: ordered as the purl beside it, because not every reader takes the purl's.
 * OSV-Scanner holds `go1.21.0` for older than any release, and reports all that was ever mended in Go.
 */
export const exchangedVersion = ({ type, version }: { readonly type: string; readonly version: string }): string =>
  writtenVersion(orderedVersion(type, version));
