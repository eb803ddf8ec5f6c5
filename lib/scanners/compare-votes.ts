import { parsePackageUrl } from '../formats/purl/index.ts';
import { osTypes, type VotedFinding, type VoteSeverity } from './model.ts';

/** Somebody's findings about one image. */
export interface Ballot<F extends VotedFinding = VotedFinding> {
  readonly voter: string;
  readonly covers: 'all' | 'os';
  readonly findings: readonly F[];
}

/** One vulnerability in one package, and who says what of it. */
export interface Agreement<F extends VotedFinding = VotedFinding> {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly package: { readonly name: string; readonly version: string; readonly type: string };
  /** By voter, in the order of the ballots. */
  readonly found: ReadonlyMap<string, F>;
  /** Who looked at such packages and did not find it. */
  readonly dissent: readonly string[];
  /** Who does not look at such packages. */
  readonly silent: readonly string[];
  /** They found it and rate it differently. */
  readonly severityDiffers: boolean;
}

/**
 * Lays the findings of several scanners side by side. Two findings are the same when they share an id and the package's
 * name; versions are written differently by different tools and do not tell findings of one image apart. The order
 * of ballots and findings changes nothing but the order of what is found.
 */
export function compareVotes<F extends VotedFinding>(ballots: readonly Ballot<F>[]): readonly Agreement<F>[] {
  const clusters: Cluster<F>[] = [];
  const byKey = new Map<string, Cluster<F>>();
  for (const { voter, findings } of ballots) {
    for (const finding of findings) {
      const keys = keysOf(finding);
      const known = new Set(keys.flatMap((key) => byKey.get(key) ?? []));
      const [first, ...others] = known;
      const cluster = first ?? { members: [], keys: new Set() };
      if (first === undefined) clusters.push(cluster);
      // Two that seemed different turn out to be one by what a third calls it.
      for (const other of others) {
        cluster.members.push(...other.members.splice(0));
        for (const key of other.keys) enter(byKey, cluster, key);
      }
      cluster.members.push({ voter, finding });
      for (const key of keys) enter(byKey, cluster, key);
    }
  }
  return clusters
    .filter(({ members }) => members.length > 0)
    .map((cluster) => toAgreement(cluster, ballots))
    .sort(byName);
}

interface Cluster<F extends VotedFinding> {
  readonly members: { readonly voter: string; readonly finding: F }[];
  readonly keys: Set<string>;
}

function enter<F extends VotedFinding>(byKey: Map<string, Cluster<F>>, cluster: Cluster<F>, key: string): void {
  cluster.keys.add(key);
  byKey.set(key, cluster);
}

const keysOf = (finding: VotedFinding): readonly string[] =>
  [finding.id, ...finding.aliases].map((id) => JSON.stringify([id.toUpperCase(), nameOf(finding)]));

/** The bare name: tools differ in whether they write a scope or group with it. */
function nameOf({ package: pkg }: VotedFinding): string {
  const purl = pkg.purl === undefined ? undefined : parsePackageUrl(pkg.purl);
  const name = purl?.name ?? pkg.name;
  return (name.split(/[/:]/).at(-1) ?? name).toLowerCase();
}

function toAgreement<F extends VotedFinding>({ members }: Cluster<F>, ballots: readonly Ballot<F>[]): Agreement<F> {
  const found = new Map<string, F>();
  for (const { voter } of ballots) {
    const own = members.filter((member) => member.voter === voter).map(({ finding }) => finding);
    const [worst] = own.sort((a, b) => rank(a.severity) - rank(b.severity));
    if (worst) found.set(voter, worst);
  }
  const [first] = [...found.values()];
  const lead = first ?? (members[0]?.finding as F);
  const ids = [...new Set(members.flatMap(({ finding }) => [finding.id, ...finding.aliases]))].sort(preferCve);
  const types = new Set(members.map(({ finding }) => finding.package.type));
  const isOs = [...types].some((type) => osTypes.has(type));
  const without = ballots.filter(({ voter }) => !found.has(voter));
  const looks = ({ covers }: Ballot): boolean => covers === 'all' || isOs;
  return {
    id: ids[0] ?? lead.id,
    aliases: ids.slice(1),
    package: { name: lead.package.name, version: lead.package.version, type: lead.package.type },
    found,
    dissent: without.filter(looks).map(({ voter }) => voter),
    silent: without.filter((ballot) => !looks(ballot)).map(({ voter }) => voter),
    severityDiffers: new Set([...found.values()].map(({ severity }) => severity)).size > 1,
  };
}

const severities: readonly VoteSeverity[] = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'];
const rank = (severity: VoteSeverity): number => severities.indexOf(severity);

const preferCve = (a: string, b: string): number =>
  Number(b.startsWith('CVE-')) - Number(a.startsWith('CVE-')) || (a < b ? -1 : a > b ? 1 : 0);

const byName = (a: Agreement, b: Agreement): number => {
  const [left, right] = [JSON.stringify([a.package.name, a.id]), JSON.stringify([b.package.name, b.id])];
  return left < right ? -1 : left > right ? 1 : 0;
};
