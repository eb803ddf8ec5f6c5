export interface MavenCoordinates {
  /** May be empty. */
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
}

/**
 * The coordinates in a `pom.properties`, which Maven writes into an archive. Undefined without artifact or version, and
 * for values that were never filled in (`${project.version}`).
 */
export function parsePomProperties(text: string): MavenCoordinates | undefined {
  const values = new Map<string, string>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    const match = /^\s*(groupId|artifactId|version)\s*[=:](.*)$/.exec(line);
    if (match?.[1] && match[2] !== undefined) values.set(match[1], match[2].trim());
  }
  const artifact = values.get('artifactId') ?? '';
  const version = values.get('version') ?? '';
  const group = (values.get('groupId') ?? '').split(';')[0]?.trim() ?? '';
  if (artifact === '' || version === '' || [group, artifact, version].some((one) => one.includes('${')))
    return undefined;
  return { group, artifact, version };
}
