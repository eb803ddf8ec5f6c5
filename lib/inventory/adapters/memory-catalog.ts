import { type ImageLocation, locationKey } from '../../core/image-reference.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from '../model.ts';
import type { ImageCatalog, LayerChains } from '../ports.ts';

const repositoryKey = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

export function memoryCatalog(): ImageCatalog & LayerChains {
  const entries = new Map<string, CatalogEntry>();
  const chains = new Map<string, ImageLocation>();
  const bindings = new Map<string, TagBinding>();
  const live = (): CatalogEntry[] => [...entries.values()].filter((entry) => entry.deletedAt === undefined);
  const inRepository = (of: RepositoryName) => (entry: RepositoryName) => repositoryKey(entry) === repositoryKey(of);
  return {
    find: async (at) => entries.get(locationKey(at)),
    async enter(entry) {
      const known = entries.get(locationKey(entry));
      const { registry, repository, digest, chainId, replicaOf } = entry;
      if (chainId && !replicaOf && !chains.has(chainId)) chains.set(chainId, { registry, repository, digest });
      const { archivedAt: _archived, deletedAt: _deleted, ...told } = entry;
      const kept = known?.archivedAt === undefined ? {} : { archivedAt: known.archivedAt };
      entries.set(
        locationKey(entry),
        structuredClone({ ...told, ...kept, firstSeenAt: known?.firstSeenAt ?? entry.firstSeenAt }),
      );
    },
    async markDeleted(at: ImageLocation, deletedAt) {
      const known = entries.get(locationKey(at));
      if (known && known.deletedAt === undefined) entries.set(locationKey(at), { ...known, deletedAt });
    },
    async markArchived(at, archivedAt) {
      const { archivedAt: _before, ...known } = entries.get(locationKey(at)) ?? {};
      if (!('digest' in known)) return;
      entries.set(locationKey(at), archivedAt === undefined ? known : { ...known, archivedAt });
    },
    async bindTag(binding) {
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
