import type { Digest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import type { Shard, Snapshot } from '../model.ts';
import type { AdvisoryStore, CurrentSnapshot, RematchProgress } from '../ports.ts';

export function memoryAdvisoryStore(): AdvisoryStore & RematchProgress & { readonly shardsRead: number } {
  const snapshots = new Map<Digest, Snapshot>();
  const shards = new Map<Digest, Shard>();
  let current: CurrentSnapshot | undefined;
  let rematched: { readonly id: Digest; readonly sequence: number } | undefined;
  let shardsRead = 0;
  return {
    get shardsRead() {
      return shardsRead;
    },
    currentSnapshot: async () => current,
    snapshot: async (id) => snapshots.get(id),
    loadShards: async (digests) => {
      shardsRead += digests.length;
      return new Map(
        digests.map((digest) => {
          const shard = shards.get(digest);
          if (!shard) throw new LadingError('shard-missing', `the advisory shard ${digest} is gone`);
          return [digest, shard];
        }),
      );
    },
    putSnapshot: async (snapshot, content, after) => {
      if ((current?.sequence ?? 0) !== (after?.sequence ?? 0)) return 'conflict';
      for (const [digest, shard] of content) shards.set(digest, shard);
      snapshots.set(snapshot.id, snapshot);
      current = { snapshot, sequence: (after?.sequence ?? 0) + 1 };
      return current;
    },
    lastRematched: async () => rematched,
    markRematched: async (snapshot) => {
      if (!rematched || rematched.sequence < snapshot.sequence) rematched = snapshot;
    },
  };
}
