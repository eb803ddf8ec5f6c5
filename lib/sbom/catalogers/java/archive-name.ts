export interface ArchiveName {
  readonly name: string;
  /** Empty where the name of the file tells none. */
  readonly version: string;
}

/** A part of a file name that begins a version: a digit, `build7`, `r7` or `rc7`. */
const VERSION_PART = /^(?:\d|build\d|rc?\d)/i;

/**
 * What the name of an archive tells: `log4j-core-2.14.1.jar`, `guava_31.1.jar`, `jetty-build235.jar`. The name ends where
 * the first part begins that looks like a version, as in Syft.
 */
export function parseArchiveName(path: string): ArchiveName {
  const file = path.slice(path.lastIndexOf('/') + 1);
  const dot = file.lastIndexOf('.');
  const text = dot < 0 ? file : file.slice(0, dot);
  const parts = text.split('-');
  const at = parts.findIndex((part, i) => i > 0 && VERSION_PART.test(part));
  const name = at < 0 ? text : parts.slice(0, at).join('-');
  if (at > 0) return { name, version: parts.slice(at).join('-') };
  // Some put a dot or an underscore before the version.
  const other = /^(.*?)[._]((?:\d|build\d|rc?\d).*)$/i.exec(name);
  return other?.[1] ? { name: other[1], version: other[2] ?? '' } : { name, version: '' };
}

/** A name that is a group and an artifact (`org.example.tool`) is the artifact's; Eclipse's artifacts have such names. */
export function artifactOf({ name }: ArchiveName): string {
  if (!name.includes('.') || name.startsWith('org.eclipse.')) return name;
  const parts = name.split('.');
  return parts.every((part) => /^[\p{L}\p{Nl}\p{Sc}\p{Pc}]/u.test(part)) ? (parts.at(-1) ?? name) : name;
}
