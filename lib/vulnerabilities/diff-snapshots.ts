import type { Digest } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import type { AdvisoryEntry, EcosystemSection, Snapshot } from './model.ts';
import type { AdvisoryStore } from './ports.ts';
import { emptyView, openSnapshot, type SourcedAdvisory } from './snapshot.ts';

/** A package whose advisories differ: all statements of either side, so that versions can be judged by both. */
export interface PackageDifference {
  readonly ecosystem: string;
  readonly name: string;
  readonly before: readonly SourcedAdvisory[];
  readonly after: readonly SourcedAdvisory[];
}

export interface SnapshotDifference {
  readonly packages: readonly PackageDifference[];
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
}

type Store = Pick<AdvisoryStore, 'loadShards'>;
type Place = { readonly source: string; readonly section: EcosystemSection };

/** Compares two snapshots, reading only the shards that they do not share. */
export async function diffSnapshots(
  store: Store,
  from: Snapshot | undefined,
  to: Snapshot,
): Promise<SnapshotDifference> {
  const before = from ? placesOf(from) : new Map<string, Place>();
  const after = placesOf(to);
  const touched = new Map<string, Set<string>>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const ecosystem = (after.get(key) ?? before.get(key))?.section.name as string;
    const names = await changedNames(store, before.get(key)?.section, after.get(key)?.section);
    if (names.size > 0) touched.set(ecosystem, (touched.get(ecosystem) ?? new Set()).union(names));
  }
  const names = [...touched].flatMap(([ecosystem, set]) => [...set].map((name) => ({ ecosystem, name })));
  names.sort((a, b) => compareTexts(a.ecosystem, b.ecosystem) || compareTexts(a.name, b.name));
  const old = from ? await openSnapshot(store, from, names) : emptyView;
  const now = await openSnapshot(store, to, names);
  const packages = names.map(({ ecosystem, name }) => ({
    ecosystem,
    name,
    before: old.advisoriesOf(ecosystem, name),
    after: now.advisoriesOf(ecosystem, name),
  }));
  return { packages, coverageChanged: changedCoverage(from, to) };
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
    if (!sameStatements(left.get(name), right.get(name))) names.add(name);
  }
  return names;
}

async function contentOf(store: Store, digests: ReadonlySet<Digest>): Promise<Map<string, readonly AdvisoryEntry[]>> {
  const content = new Map<string, readonly AdvisoryEntry[]>();
  for (const shard of (await store.loadShards([...digests])).values()) {
    for (const { name, advisories } of shard.packages) content.set(name, advisories);
  }
  return content;
}

function changedCoverage(from: Snapshot | undefined, to: Snapshot): string[] {
  const scopes = (snapshot: Snapshot | undefined): Map<string, string> => {
    const found = new Map<string, string>();
    for (const { scope, ecosystems } of snapshot?.sources ?? []) {
      for (const { name } of ecosystems) if (found.get(name) !== 'complete') found.set(name, scope);
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
