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
