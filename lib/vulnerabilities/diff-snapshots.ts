import type { Digest } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import {
  type AdvisoryEntry,
  type EcosystemSection,
  FACTS,
  type Facts,
  isPseudoEcosystem,
  type Shard,
  type Snapshot,
} from './model.ts';
import type { AdvisoryStore } from './ports.ts';
import { openSnapshot, packagesNamedBy, type SourcedAdvisory } from './snapshot.ts';

/** A package whose advisories differ: all statements of either side, so that versions can be judged by both. */
export interface PackageDifference {
  readonly ecosystem: string;
  readonly name: string;
  readonly before: readonly SourcedAdvisory[];
  readonly after: readonly SourcedAdvisory[];
  /** Vulnerabilities of which something else is known than before: a rating, that they are exploited. */
  readonly facts: ReadonlySet<string>;
}

export interface SnapshotDifference {
  readonly packages: readonly PackageDifference[];
  /** Vulnerabilities of which something else is known than before. */
  readonly facts: readonly string[];
  /** Ecosystems that have data on one side only, or completely on one side and in part on the other. */
  readonly coverageChanged: readonly string[];
}

/** Ids of what is new, changed and withdrawn (or gone) for a package, as the difference document lists them. */
export interface DifferenceSummary {
  readonly ecosystem: string;
  readonly name: string;
  readonly appeared: readonly string[];
  readonly changed: readonly string[];
  readonly withdrawn: readonly string[];
  /** Ids of which something else is known than before. */
  readonly facts?: readonly string[];
}

type Store = Pick<AdvisoryStore, 'loadShards'>;
type Place = { readonly source: string; readonly section: EcosystemSection };

/** Over this many, it is not news of some vulnerabilities but a source that came or went: every image is concerned. */
const MAX_FACTS = 5000;

/** Compares two snapshots, reading only the shards that they do not share. */
export async function diffSnapshots(
  store: Store,
  from: Snapshot | undefined,
  to: Snapshot,
): Promise<SnapshotDifference> {
  const coverageChanged = changedCoverage(from, to);
  // Everything is new: there is nothing to compare, and it concerns every image.
  if (!from) return { packages: [], facts: [], coverageChanged };
  const before = placesOf(from);
  const after = placesOf(to);
  const touched = new Map<string, Set<string>>();
  const facts = new Set<string>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const ecosystem = (after.get(key) ?? before.get(key))?.section.name as string;
    if (isPseudoEcosystem(ecosystem) && ecosystem !== FACTS) continue;
    const names = await changedNames(store, before.get(key)?.section, after.get(key)?.section);
    if (ecosystem === FACTS) for (const name of names) facts.add(name);
    else if (names.size > 0) touched.set(ecosystem, (touched.get(ecosystem) ?? new Set()).union(names));
  }
  const told = await packagesTold(store, from, to, facts.size > MAX_FACTS ? [] : [...facts].sort());
  if (facts.size > MAX_FACTS) coverageChanged.push(FACTS);
  for (const { ecosystem, name } of told.keys()) {
    touched.set(ecosystem, (touched.get(ecosystem) ?? new Set()).add(name));
  }
  const names = [...touched].flatMap(([ecosystem, set]) => [...set].map((name) => ({ ecosystem, name })));
  names.sort((a, b) => compareTexts(a.ecosystem, b.ecosystem) || compareTexts(a.name, b.name));
  const old = await openSnapshot(store, from, names);
  const now = await openSnapshot(store, to, names);
  const packages = names.map(({ ecosystem, name }) => ({
    ecosystem,
    name,
    before: old.advisoriesOf(ecosystem, name),
    after: now.advisoriesOf(ecosystem, name),
    facts: told.get(ecosystem, name),
  }));
  return { packages, facts: [...facts].sort(), coverageChanged };
}

/** Which packages the news of vulnerabilities concerns, by what either snapshot says of them. */
async function packagesTold(store: Store, from: Snapshot, to: Snapshot, ids: readonly string[]) {
  const told = new Map<string, { ecosystem: string; name: string; ids: Set<string> }>();
  for (const snapshot of ids.length === 0 ? [] : [from, to]) {
    for (const [id, packages] of await packagesNamedBy(store, snapshot, ids)) {
      for (const { ecosystem, name } of packages) {
        const key = JSON.stringify([ecosystem, name]);
        const one = told.get(key) ?? { ecosystem, name, ids: new Set<string>() };
        one.ids.add(id);
        told.set(key, one);
      }
    }
  }
  return {
    keys: () => told.values(),
    get: (ecosystem: string, name: string): ReadonlySet<string> =>
      told.get(JSON.stringify([ecosystem, name]))?.ids ?? new Set(),
  };
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function placesOf(snapshot: Snapshot): Map<string, Place> {
  return new Map(
    snapshot.sources.flatMap(({ name: source, ecosystems }) =>
      ecosystems.map((section): [string, Place] => [JSON.stringify([source, section.name]), { source, section }]),
    ),
  );
}

/** Shards that both sides have cannot hold a difference, whatever bucket they are in. */
async function changedNames(
  store: Store,
  before: EcosystemSection | undefined,
  after: EcosystemSection | undefined,
): Promise<Set<string>> {
  const digests = (section: EcosystemSection | undefined): Set<Digest> =>
    new Set((section?.shards ?? []).filter((digest) => digest !== null));
  const [old, now] = [digests(before), digests(after)];
  const left = await contentOf(store, old.difference(now));
  const right = await contentOf(store, now.difference(old));
  const names = new Set<string>();
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    if (!isSame(left.get(name), right.get(name))) names.add(name);
  }
  return names;
}

type ShardPackage = Shard['packages'][number];

async function contentOf(store: Store, digests: ReadonlySet<Digest>): Promise<Map<string, ShardPackage>> {
  const content = new Map<string, ShardPackage>();
  for (const shard of (await store.loadShards([...digests])).values()) {
    for (const one of shard.packages) content.set(one.name, one);
  }
  return content;
}

const isSame = (a: ShardPackage | undefined, b: ShardPackage | undefined): boolean =>
  sameStatements(a?.advisories ?? [], b?.advisories ?? []) && newsworthy(a?.facts) === newsworthy(b?.facts);

/** EPSS moves a little every day for everything; it is news when it enters another of these bands. */
const EPSS_BANDS = [0.01, 0.1, 0.5];

function newsworthy(facts: Facts | undefined): string {
  const { epss, ...rest } = facts ?? {};
  return canonicalJson({ ...rest, band: EPSS_BANDS.filter((bound) => (epss?.score ?? 0) >= bound).length });
}

function changedCoverage(from: Snapshot | undefined, to: Snapshot): string[] {
  const scopes = (snapshot: Snapshot | undefined): Map<string, string> => {
    const found = new Map<string, string>();
    for (const { scope, ecosystems } of snapshot?.sources ?? []) {
      for (const { name } of ecosystems) {
        if (!isPseudoEcosystem(name) && found.get(name) !== 'complete') found.set(name, scope);
      }
    }
    return found;
  };
  const [before, after] = [scopes(from), scopes(to)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .sort();
}

export function summarize(difference: PackageDifference): DifferenceSummary {
  const [before, after] = [standing(difference.before), standing(difference.after)];
  const ids = [...new Set([...before.keys(), ...after.keys()])].sort();
  return {
    ecosystem: difference.ecosystem,
    name: difference.name,
    appeared: ids.filter((id) => !before.has(id)),
    changed: ids.filter((id) => before.has(id) && after.has(id) && !sameStatements(before.get(id), after.get(id))),
    withdrawn: ids.filter((id) => !after.has(id)),
    ...(difference.facts.size > 0 ? { facts: [...difference.facts].sort() } : {}),
  };
}

function standing(statements: readonly SourcedAdvisory[]): Map<string, AdvisoryEntry[]> {
  const byId = new Map<string, AdvisoryEntry[]>();
  for (const { entry } of statements) {
    if (entry.withdrawn === undefined) byId.set(idOf(entry), [...(byId.get(idOf(entry)) ?? []), entry]);
  }
  return byId;
}

const sameStatements = (a: readonly AdvisoryEntry[] | undefined, b: readonly AdvisoryEntry[] | undefined): boolean =>
  a !== undefined && b !== undefined && a.length === b.length && canonicalJson(a) === canonicalJson(b);

const idOf = (entry: AdvisoryEntry): string => (entry.bundle ? entry.record : (entry.ids[0] ?? entry.record));
