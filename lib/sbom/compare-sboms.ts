import type { ListedPackage, ListedSbom } from './listed-sbom.ts';

/** What two SBOMs say differently. Packages are told apart by type and name, as their registries compare names. */
export interface SbomDifference {
  readonly added: readonly PackageName[];
  readonly removed: readonly PackageName[];
  /** One package with other versions. */
  readonly changed: readonly {
    readonly type: string;
    readonly name: string;
    readonly from: readonly string[];
    readonly to: readonly string[];
  }[];
  /** Packages that both have with the same versions. */
  readonly same: number;
  /** Packages that cannot be compared, because one of both does not say what they are. */
  readonly unidentified: number;
}

export interface PackageName {
  readonly type: string;
  readonly name: string;
  readonly version: string;
}

interface Entry {
  readonly type: string;
  readonly name: string;
  readonly versions: Set<string>;
}

/** From `a` to `b`; lists are in the order of type, name and version. */
export function compareSboms(a: Pick<ListedSbom, 'packages'>, b: Pick<ListedSbom, 'packages'>): SbomDifference {
  const before = group(a.packages);
  const after = group(b.packages);
  const added: PackageName[] = [];
  const removed: PackageName[] = [];
  const changed: SbomDifference['changed'][number][] = [];
  let same = 0;
  for (const [key, entry] of before) {
    const other = after.get(key);
    if (!other) removed.push(...named(entry, entry.versions));
    else {
      const from = [...entry.versions.difference(other.versions)].sort();
      const to = [...other.versions.difference(entry.versions)].sort();
      same += entry.versions.intersection(other.versions).size;
      if (from.length > 0 && to.length > 0) changed.push({ type: entry.type, name: entry.name, from, to });
      else {
        removed.push(...named(entry, from));
        added.push(...named(entry, to));
      }
    }
  }
  for (const [key, entry] of after) if (!before.has(key)) added.push(...named(entry, entry.versions));
  const unknown = [...a.packages, ...b.packages].filter(({ type }) => type === 'unknown').length;
  return {
    added: added.sort(byName),
    removed: removed.sort(byName),
    changed: changed.sort((x, y) => byName({ ...x, version: '' }, { ...y, version: '' })),
    same,
    unidentified: unknown,
  };
}

export const isSame = ({ added, removed, changed }: SbomDifference): boolean =>
  added.length === 0 && removed.length === 0 && changed.length === 0;

const named = ({ type, name }: Entry, versions: Iterable<string>): PackageName[] =>
  [...versions].map((version) => ({ type, name, version }));

/** Equal for packages that are the same in two SBOMs, as their registry compares names and versions. */
export const comparablePackage = ({ type, name, version }: PackageName): string =>
  `${type} ${comparableName(type, name)} ${comparableVersion(type, version)}`;

function group(packages: readonly ListedPackage[]): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { type, name, version } of packages) {
    if (type === 'unknown') continue;
    const key = `${type} ${comparableName(type, name)}`;
    const entry = entries.get(key) ?? { type, name, versions: new Set() };
    entry.versions.add(comparableVersion(type, version));
    entries.set(key, entry);
  }
  return entries;
}

/** Two ways to write a name that its registry takes for the same (purl specification, "Known purl types"). */
function comparableName(type: string, name: string): string {
  switch (type) {
    case 'pypi':
      return name.toLowerCase().replace(/[-_.]+/g, '-');
    case 'npm':
    case 'deb':
    case 'apk':
    case 'composer':
    case 'golang':
    case 'hex':
    case 'alpm':
      return name.toLowerCase();
    case 'nuget':
      return name.toLowerCase();
    default:
      return name;
  }
}

/** An epoch of 0 is none; some write Go's and others' versions without their `v`. */
const comparableVersion = (type: string, version: string): string =>
  type === 'golang' ? version.replace(/^(?:v|go)(?=\d)/, '') : version.replace(/^0:/, '');

const byName = (a: PackageName, b: PackageName): number =>
  compare(a.type, b.type) || compare(a.name, b.name) || compare(a.version, b.version);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
