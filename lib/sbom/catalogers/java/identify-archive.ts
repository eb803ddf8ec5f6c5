import { type ArchiveName, artifactOf } from './archive-name.ts';
import { groupOf } from './group-of.ts';
import { anyAttribute, type Manifest, mainAttribute } from './parse-manifest.ts';
import type { MavenCoordinates } from './parse-pom-properties.ts';

/** What an archive says of itself, nested archives apart. */
export interface ArchiveFacts {
  readonly name: ArchiveName;
  readonly manifest: Manifest | undefined;
  /** In the order of their paths. */
  readonly poms: readonly { readonly coordinates: MavenCoordinates; readonly hasPomXml: boolean }[];
}

export interface IdentifiedArchive {
  /** What the archive itself is; undefined where it says nothing of itself. */
  readonly main: MavenCoordinates | undefined;
  /** What was merged into it (shaded jars). */
  readonly merged: readonly MavenCoordinates[];
  readonly licenses: readonly string[];
}

/**
 * Names an archive: by the Maven coordinates in it that fit its file name, else by manifest and file name. The other
 * coordinates in it are of artifacts that were merged into it. An archive without manifest is none of Java's; what Maven
 * wrote into it is believed nevertheless.
 */
export function identifyArchive({ name, manifest, poms }: ArchiveFacts): IdentifiedArchive {
  if (!manifest) return { main: undefined, merged: poms.map((pom) => pom.coordinates), licenses: [] };
  // An agent's instrumentation has the manifest of what it is woven into.
  if (mainAttribute(manifest, 'Weave-Classes') !== '') return { main: undefined, merged: [], licenses: [] };
  const own = ownPom(name, poms);
  let main: MavenCoordinates = {
    group: '',
    artifact: own?.artifact ?? nameFrom(manifest, name),
    version: own?.version ?? versionFrom(manifest, name),
  };
  let group: string | undefined;
  const merged: MavenCoordinates[] = [];
  for (const { coordinates } of poms) {
    if (coordinates.artifact === main.artifact) {
      group ??= mavenGroup(coordinates);
      main = { ...main, artifact: coordinates.artifact, version: coordinates.version };
    } else merged.push(coordinates);
  }
  const licenses = ['Bundle-License', 'Plugin-License-Name'].flatMap((field) => anyAttribute(manifest, field) || []);
  if (main.artifact === '') return { main: undefined, merged, licenses };
  return { main: { ...main, group: group || groupOf(main.artifact, manifest) }, merged, licenses };
}

/** Sometimes the group stands in the place of the artifact. */
export const mavenGroup = ({ group, artifact }: MavenCoordinates): string =>
  group !== '' ? group : artifact.includes('.') ? artifact : '';

/** Of several that fit the file name, one with its `pom.xml` goes first, and the very name or group before that. */
function ownPom({ name }: ArchiveName, poms: ArchiveFacts['poms']): MavenCoordinates | undefined {
  if (name === '') return undefined;
  const named = poms.some(({ coordinates }) => coordinates.artifact === name);
  const fitting = poms.filter(({ coordinates: { artifact } }) =>
    named ? artifact === name : artifact.startsWith(name) || name.endsWith(artifact),
  );
  const exact = fitting.find(
    ({ coordinates: { group, artifact }, hasPomXml }) => hasPomXml && (artifact === name || name.includes(group)),
  );
  return (exact ?? fitting.find(({ hasPomXml }) => hasPomXml) ?? fitting[0])?.coordinates;
}

function nameFrom(manifest: Manifest, name: ArchiveName): string {
  const symbolic = mainAttribute(manifest, 'Bundle-SymbolicName');
  const ofBundle =
    mainAttribute(manifest, 'Created-By').includes('Apache Maven Bundle Plugin') &&
    symbolic !== '' &&
    symbolic !== mainAttribute(manifest, 'Implementation-Vendor-Id');
  if (ofBundle) return symbolic.split('.').at(-1) ?? symbolic;
  const fields = ['Name', 'Bundle-Name', 'Short-Name', 'Extension-Name', 'Implementation-Title'];
  return artifactOf(name) || (fields.map((field) => mainAttribute(manifest, field)).find((one) => one !== '') ?? '');
}

function versionFrom(manifest: Manifest, { version }: ArchiveName): string {
  const fields = ['Implementation-Version', 'Specification-Version', 'Plugin-Version', 'Bundle-Version'];
  return version || (fields.map((field) => anyAttribute(manifest, field)).find((one) => one !== '') ?? '');
}
