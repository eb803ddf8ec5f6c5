import { type ImageLocation, locationKey } from '../../core/image-reference.ts';
import type { ReplicaRecord } from '../model.ts';
import type { ReplicaStore, SetTag, TagLedger } from '../ports.ts';

export function memoryReplicas(): ReplicaStore {
  const records = new Map<string, ReplicaRecord>();
  const find = async (target: ImageLocation): Promise<ReplicaRecord | undefined> => records.get(locationKey(target));
  return {
    find,
    async intend(record) {
      const key = locationKey(record.target);
      const known = records.get(key);
      if (known) return known.state === 'complete' ? 'complete' : 'known';
      records.set(key, { ...structuredClone(record), state: 'intended' });
      return 'intended';
    },
    async complete(target, completedAt) {
      const known = await find(target);
      if (known?.state === 'intended') records.set(locationKey(target), { ...known, state: 'complete', completedAt });
    },
    forget: async (target) => void records.delete(locationKey(target)),
    async *replicasOf(source) {
      const key = locationKey(source);
      const own = [...records.values()].filter((record) => locationKey(record.source) === key);
      yield* own.sort((a, b) => (locationKey(a.target) < locationKey(b.target) ? -1 : 1));
    },
    sourceOf: async (target) => (await find(target))?.source.registry,
    tags: memoryTags(),
  };
}

function memoryTags(): TagLedger {
  const set = new Map<string, SetTag>();
  return {
    find: async ({ registry, repository }, tag) => set.get(`${registry}/${repository}:${tag}`),
    async swap({ registry, repository }, tag, before, digest, setAt) {
      const key = `${registry}/${repository}:${tag}`;
      if (set.get(key)?.digest !== before) return false;
      set.set(key, { digest, setAt, movingFrom: before ?? 'none' });
      return true;
    },
    async settle({ registry, repository }, tag, digest) {
      const key = `${registry}/${repository}:${tag}`;
      const known = set.get(key);
      if (known?.digest === digest) set.set(key, { digest, setAt: known.setAt });
    },
    async drop({ registry, repository }, tag, digest) {
      const key = `${registry}/${repository}:${tag}`;
      return set.get(key)?.digest === digest && set.delete(key);
    },
  };
}
