import { type Clock, systemClock } from '../../core/clock.ts';
import { type ImageLocation, locationKey } from '../../core/image-reference.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from '../model.ts';
import type { CatalogChange, CatalogChanges, ImageCatalog, LayerChains } from '../ports.ts';

const repositoryKey = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

export function memoryCatalog(clock: Clock = systemClock): ImageCatalog & LayerChains & CatalogChanges {
  const changes: (CatalogChange & { readonly of: string; readonly at: number })[] = [];
  const note = (of: RepositoryName, change: CatalogChange): void =>
    void changes.push({ ...change, of: repositoryKey(of), at: clock.now().getTime() });
  const entries = new Map<string, CatalogEntry>();
  const chains = new Map<string, ImageLocation>();
  const bindings = new Map<string, TagBinding>();
  const live = (): CatalogEntry[] => [...entries.values()].filter((entry) => entry.deletedAt === undefined);
  const inRepository = (of: RepositoryName) => (entry: RepositoryName) => repositoryKey(entry) === repositoryKey(of);
  return {
    find: async (at) => entries.get(locationKey(at)),
    async *changes(of, since) {
      for (const { of: key, at, ...change } of changes) {
        if (key === repositoryKey(of) && at >= since.getTime()) yield change;
      }
    },
    async enter(entry) {
      note(entry, { kind: 'manifest', digest: entry.digest });
      const known = entries.get(locationKey(entry));
      const { registry, repository, digest, chainId, replicaOf } = entry;
      if (chainId && !replicaOf && !chains.has(chainId)) chains.set(chainId, { registry, repository, digest });
      const { archivedAt: _archived, archivedIn: _in, deletedAt: _deleted, ...told } = entry;
      const kept = {
        ...(known?.archivedAt === undefined ? {} : { archivedAt: known.archivedAt }),
        ...(known?.archivedIn === undefined ? {} : { archivedIn: known.archivedIn }),
      };
      entries.set(
        locationKey(entry),
        structuredClone({ ...told, ...kept, firstSeenAt: known?.firstSeenAt ?? entry.firstSeenAt }),
      );
    },
    async markDeleted(at: ImageLocation, deletedAt) {
      note(at, { kind: 'manifest', digest: at.digest });
      const known = entries.get(locationKey(at));
      if (known && known.deletedAt === undefined) entries.set(locationKey(at), { ...known, deletedAt });
    },
    async markArchived(at, archivedAt, archivedIn) {
      const { archivedAt: _before, archivedIn: _in, ...known } = entries.get(locationKey(at)) ?? {};
      if (!('digest' in known)) return;
      entries.set(
        locationKey(at),
        archivedAt === undefined ? known : { ...known, archivedAt, ...(archivedIn ? { archivedIn } : {}) },
      );
    },
    async bindTag(binding) {
      note(binding, { kind: 'tag', tag: binding.tag });
      const key = `${repositoryKey(binding)}:${binding.tag}`;
      const known = bindings.get(key);
      if (known && known.boundAt > binding.boundAt) return 'older';
      bindings.set(key, binding);
      return 'bound';
    },
    async *entries(of, { deleted = false, archived = deleted } = {}) {
      for (const entry of entries.values()) {
        const isAsked = deleted || entry.deletedAt === undefined || (archived && entry.archivedAt !== undefined);
        if (isAsked && inRepository(of)(entry)) yield entry;
      }
    },
    async *tags(of) {
      yield* [...bindings.values()].filter(inRepository(of));
    },
    tag: async (of, tag) => bindings.get(`${repositoryKey(of)}:${tag}`),
    firstWith: async (chainId) => chains.get(chainId),
    parentsOf: async (at) =>
      live()
        .filter((entry) => inRepository(at)(entry) && entry.children.some((child) => child.digest === at.digest))
        .map((entry) => entry.digest),
    referrersOf: async (at) =>
      live()
        .filter((entry) => inRepository(at)(entry) && entry.referrerOf === at.digest)
        .map((entry) => entry.digest),
    placesOf: async (wanted) =>
      [...entries.values()]
        .filter(({ digest }) => digest === wanted)
        .map(({ registry, repository, digest }) => ({ registry, repository, digest })),
    async *repositories() {
      const seen = new Map([...entries.values()].map((entry) => [repositoryKey(entry), entry] as const));
      for (const { registry, repository } of seen.values()) yield { registry, repository };
    },
    recent: async (limit) =>
      live()
        .sort((a, b) => (a.pushedAt < b.pushedAt ? 1 : a.pushedAt > b.pushedAt ? -1 : 0))
        .slice(0, limit),
  };
}
