import { type Digest, digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import { bucketOf } from './buckets.ts';
import {
  type AdvisoryEntry,
  type EcosystemSection,
  type Facts,
  INDEX,
  type Shard,
  type Snapshot,
  type SourceScope,
  type SourceSection,
} from './model.ts';
import type { AdvisoryStore } from './ports.ts';

/** Names a snapshot by what its sections contain; when and from where they were read is not part of it. */
export function composeSnapshot(sections: readonly SourceSection[], createdAt: Date, previous?: Digest): Snapshot {
  const sources = [...sections].sort((a, b) => (a.name < b.name ? -1 : 1));
  const content = sources.map(({ name, scope, ecosystems }) => ({
    name,
    scope,
    ecosystems: ecosystems.map((ecosystem) => ({ name: ecosystem.name, shards: ecosystem.shards })),
  }));
  return {
    schemaVersion: 1,
    id: digestOf(canonicalJson({ schemaVersion: 1, sources: content })),
    createdAt: createdAt.toISOString(),
    ...(previous ? { previous } : {}),
    sources,
  };
}

const shardOf = (section: EcosystemSection, name: string): Digest | undefined =>
  section.shards[bucketOf(name, section.bits)] ?? undefined;

/** The advisories of a snapshot for the packages that were asked for. */
export interface AdvisoryView {
  coverageOf(ecosystem: string): SourceScope | 'none';
  advisoriesOf(ecosystem: string, name: string): readonly SourcedAdvisory[];
}

export interface SourcedAdvisory {
  readonly source: string;
  readonly entry: AdvisoryEntry;
}

/** For matching where there is no snapshot yet: nothing is known of anything. */
export const emptyView: AdvisoryView = { coverageOf: () => 'none', advisoriesOf: () => [] };

interface Place {
  readonly source: string;
  readonly scope: SourceScope;
  readonly section: EcosystemSection;
}

function placesOf(snapshot: Snapshot): ReadonlyMap<string, readonly Place[]> {
  const places = new Map<string, Place[]>();
  for (const { name: source, scope, ecosystems } of snapshot.sources) {
    for (const section of ecosystems) {
      const known = places.get(section.name);
      if (known) known.push({ source, scope, section });
      else places.set(section.name, [{ source, scope, section }]);
    }
  }
  return places;
}

type Named = { readonly ecosystem: string; readonly name: string };
type ShardPackage = Shard['packages'][number];

/** Reads the shards that can hold the names, and no others. */
async function openShards(
  store: Pick<AdvisoryStore, 'loadShards'>,
  places: ReadonlyMap<string, readonly Place[]>,
  names: Iterable<Named>,
): Promise<(place: Place, name: string) => ShardPackage | undefined> {
  const wanted = new Set<Digest>();
  for (const { ecosystem, name } of names) {
    for (const { section } of places.get(ecosystem) ?? []) {
      const digest = shardOf(section, name);
      if (digest) wanted.add(digest);
    }
  }
  const shards = await store.loadShards([...wanted].sort());
  const byName = new Map<Digest, ReadonlyMap<string, ShardPackage>>();
  for (const [digest, shard] of shards) byName.set(digest, new Map(shard.packages.map((one) => [one.name, one])));
  return ({ section }, name) => {
    const digest = shardOf(section, name);
    return digest && byName.get(digest)?.get(name);
  };
}

/** The advisories about the packages. */
export async function openSnapshot(
  store: Pick<AdvisoryStore, 'loadShards'>,
  snapshot: Snapshot,
  packages: Iterable<Named>,
): Promise<AdvisoryView> {
  const places = placesOf(snapshot);
  const find = await openShards(store, places, packages);
  return {
    coverageOf: (ecosystem) => {
      const found = places.get(ecosystem) ?? [];
      if (found.length === 0) return 'none';
      return found.some(({ scope }) => scope === 'complete') ? 'complete' : 'excerpt';
    },
    advisoriesOf: (ecosystem, name) =>
      newestCopies(
        (places.get(ecosystem) ?? []).flatMap((place) =>
          (find(place, name)?.advisories ?? []).map((entry) => ({ source: place.source, entry })),
        ),
      ),
  };
}

/** A record that several sources carry (a database and a copy of it) speaks by the copy that was modified last. */
function newestCopies(statements: readonly SourcedAdvisory[]): readonly SourcedAdvisory[] {
  if (statements.length < 2) return statements;
  const newest = new Map<string, string>();
  for (const { entry } of statements) {
    const { record, modified = '' } = entry;
    if (modified >= (newest.get(record) ?? '')) newest.set(record, modified);
  }
  return statements.filter(({ entry }) => (entry.modified ?? '') === newest.get(entry.record));
}

/** What the snapshot knows of vulnerabilities (`@facts`) or releases (`@releases`) themselves, source by source. */
export async function openFacts(
  store: Pick<AdvisoryStore, 'loadShards'>,
  snapshot: Snapshot,
  names: readonly Named[],
): Promise<(ecosystem: string, name: string) => readonly Facts[]> {
  const places = placesOf(snapshot);
  const find = await openShards(store, places, names);
  return (ecosystem, name) => (places.get(ecosystem) ?? []).flatMap((place) => find(place, name)?.facts ?? []);
}

/** The packages that advisories about the vulnerabilities name, whatever they say of versions. */
export async function packagesNamedBy(
  store: Pick<AdvisoryStore, 'loadShards'>,
  snapshot: Snapshot,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Named[]>> {
  const places = placesOf(snapshot);
  const find = await openShards(
    store,
    places,
    ids.map((name) => ({ ecosystem: INDEX, name })),
  );
  return new Map(
    ids.map((id) => [
      id,
      (places.get(INDEX) ?? []).flatMap((place) =>
        (find(place, id)?.affects ?? []).map(([ecosystem, name]) => ({ ecosystem, name })),
      ),
    ]),
  );
}
