import type { Digest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { type Shard, type Snapshot, shardSchema } from '../model.ts';
import type { AdvisoryStore, CurrentSnapshot, RematchProgress, SourceLog, SourceState } from '../ports.ts';

export function memoryAdvisoryStore(): AdvisoryStore & RematchProgress & SourceLog & { readonly shardsRead: number } {
  const snapshots = new Map<Digest, Snapshot>();
  const texts = new Map<Digest, string>();
  const shards = new Map<Digest, Shard>();
  let current: CurrentSnapshot | undefined;
  let rematched: { readonly id: Digest; readonly sequence: number } | undefined;
  let states: Readonly<Record<string, SourceState>> = {};
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
          const text = texts.get(digest);
          if (text === undefined) throw new LadingError('shard-missing', `the advisory shard ${digest} is gone`);
          const shard = shards.get(digest) ?? shardSchema.parse(JSON.parse(text));
          shards.set(digest, shard);
          return [digest, shard];
        }),
      );
    },
    putShards: async (content) => {
      for (const [digest, text] of content) texts.set(digest, text);
    },
    putSnapshot: async (snapshot, after) => {
      if ((current?.sequence ?? 0) !== (after?.sequence ?? 0)) return 'conflict';
      snapshots.set(snapshot.id, snapshot);
      current = { snapshot, sequence: (after?.sequence ?? 0) + 1 };
      return current;
    },
    renewSnapshot: async (snapshot, { sequence }) => {
      snapshots.set(snapshot.id, snapshot);
      if (current?.sequence === sequence) current = { snapshot, sequence };
    },
    sourceStates: async () => states,
    recordStates: async (next) => {
      states = next;
    },
    lastRematched: async () => rematched,
    markRematched: async (snapshot) => {
      if (!rematched || rematched.sequence < snapshot.sequence) rematched = snapshot;
    },
  };
}
