import { type Digest, digestOf } from '../core/digest.ts';
import { canonicalJson } from '../core/json.ts';
import { bucketOf } from './buckets.ts';
import type { AdvisoryEntry, EcosystemSection, Snapshot, SourceScope, SourceSection } from './model.ts';
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

/** Reads the shards that can hold the packages, and no others. */
export async function openSnapshot(
  store: Pick<AdvisoryStore, 'loadShards'>,
  snapshot: Snapshot,
  packages: Iterable<{ readonly ecosystem: string; readonly name: string }>,
): Promise<AdvisoryView> {
  const places = new Map<string, { source: string; scope: SourceScope; section: EcosystemSection }[]>();
  for (const { name: source, scope, ecosystems } of snapshot.sources) {
    for (const section of ecosystems) {
      places.set(section.name, [...(places.get(section.name) ?? []), { source, scope, section }]);
    }
  }
  const wanted = new Set<Digest>();
  for (const { ecosystem, name } of packages) {
    for (const { section } of places.get(ecosystem) ?? []) {
      const digest = shardOf(section, name);
      if (digest) wanted.add(digest);
    }
  }
  const shards = await store.loadShards([...wanted].sort());
  const byName = new Map<Digest, ReadonlyMap<string, readonly AdvisoryEntry[]>>();
  for (const [digest, shard] of shards) {
    byName.set(digest, new Map(shard.packages.map(({ name, advisories }) => [name, advisories])));
  }
  return {
    coverageOf: (ecosystem) => {
      const found = places.get(ecosystem) ?? [];
      if (found.length === 0) return 'none';
      return found.some(({ scope }) => scope === 'complete') ? 'complete' : 'excerpt';
    },
    advisoriesOf: (ecosystem, name) =>
      (places.get(ecosystem) ?? []).flatMap(({ source, section }) => {
        const digest = shardOf(section, name);
        const entries = digest ? (byName.get(digest)?.get(name) ?? []) : [];
        return entries.map((entry) => ({ source, entry }));
      }),
  };
}
