import { z } from 'zod';
import type { Table } from '../../aws/table.ts';
import { mapLimit } from '../../core/concurrency.ts';
import { type Digest, digestHex } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import {
  contentKey,
  type DocumentStore,
  loadDocument,
  loadJson,
  putJson,
  saveDocument,
} from '../../documents/index.ts';
import { digestSchema } from '../../events/index.ts';
import { sourceProblems } from '../errors.ts';
import { type Shard, type Snapshot, snapshotSchema, trustedShard } from '../model.ts';
import type { AdvisoryStore, RematchProgress, SourceLog } from '../ports.ts';

const SHARDS = 'advisories/shards';
const snapshotKey = (id: Digest): string => `advisories/snapshots/${digestHex(id)}.zst`;

/** Snapshots by their id, for those who need not know which one is in force. */
export const snapshotDocuments = (documents: DocumentStore): Pick<AdvisoryStore, 'snapshot'> => ({
  snapshot: (id) => loadJson(documents, snapshotKey(id), snapshotSchema),
});
const POINTERS = 'ADVISORIES';
const CURRENT = { pk: POINTERS, sk: 'CURRENT' } as const;
const REMATCHED = { pk: POINTERS, sk: 'REMATCHED' } as const;

const STATES = { pk: POINTERS, sk: 'SOURCES' } as const;

/** One JSON text: names of sources are no names of attributes. */
const statesSchema = z.record(
  z.string(),
  z.object({
    goodAt: z.string().optional(),
    problem: z.object({ kind: z.enum(sourceProblems), message: z.string(), since: z.string() }).optional(),
    fetched: z.object({ last: z.number(), total: z.number() }).optional(),
  }),
);

const pointerSchema = z.object({ id: digestSchema, sequence: z.int().positive() });

/** Shards that a process keeps parsed: a warm function reads each shard of its base images once. */
const KEPT_SHARDS = 1024;
const PARALLEL = 16;

/**
 * Shards and snapshots as documents; which snapshot is in force is one row of the `scans` table, written last and on
 * the condition that nobody else wrote it meanwhile.
 */
export function documentAdvisoryStore(
  documents: DocumentStore,
  table: Pick<Table, 'get' | 'put'>,
): AdvisoryStore & RematchProgress & SourceLog {
  const kept = new Map<Digest, Shard>();
  const pointer = async (key: typeof CURRENT | typeof REMATCHED) => {
    const item = await table.get(key);
    return item === undefined ? undefined : pointerSchema.parse(item);
  };
  const loadShard = async (digest: Digest): Promise<Shard> => {
    const known = kept.get(digest);
    if (known) return known;
    const content = await loadDocument(documents, contentKey(SHARDS, digest), digest);
    if (!content) throw new LadingError('shard-missing', `the advisory shard ${digest} is gone`);
    const shard = trustedShard(Buffer.from(content).toString('utf8'));
    if (kept.size >= KEPT_SHARDS) kept.delete(kept.keys().next().value as Digest);
    kept.set(digest, shard);
    return shard;
  };
  const readSnapshot = (id: Digest): Promise<Snapshot | undefined> =>
    loadJson(documents, snapshotKey(id), snapshotSchema);
  return {
    async currentSnapshot() {
      const found = await pointer(CURRENT);
      if (!found) return undefined;
      const snapshot = await readSnapshot(found.id);
      if (!snapshot) throw new LadingError('snapshot-missing', `the advisory snapshot ${found.id} is gone`);
      return { snapshot, sequence: found.sequence };
    },
    snapshot: readSnapshot,
    async loadShards(digests) {
      const shards = await mapLimit(digests, PARALLEL, loadShard);
      return new Map(digests.map((digest, i) => [digest, shards[i] as Shard]));
    },
    async putShards(shards) {
      await mapLimit([...shards.values()], PARALLEL, (text) => saveDocument(documents, SHARDS, Buffer.from(text)));
    },
    async putSnapshot(snapshot, after) {
      await putJson(documents, snapshotKey(snapshot.id), snapshot);
      const sequence = (after?.sequence ?? 0) + 1;
      const stored = await table.put(
        { ...CURRENT, id: snapshot.id, sequence, createdAt: snapshot.createdAt },
        after
          ? {
              expression: '#sequence = :known',
              names: { '#sequence': 'sequence' },
              values: { ':known': after.sequence },
            }
          : { expression: 'attribute_not_exists(pk)' },
      );
      return stored ? { snapshot, sequence } : 'conflict';
    },
    renewSnapshot: (snapshot) => putJson(documents, snapshotKey(snapshot.id), snapshot),
    async sourceStates() {
      const item = await table.get(STATES);
      return item === undefined ? {} : statesSchema.parse(JSON.parse(z.string().parse(item.states)));
    },
    recordStates: async (states) => void (await table.put({ ...STATES, states: JSON.stringify(states) })),
    lastRematched: () => pointer(REMATCHED),
    async markRematched({ id, sequence }) {
      await table.put(
        { ...REMATCHED, id, sequence },
        {
          expression: 'attribute_not_exists(pk) OR #sequence < :next',
          names: { '#sequence': 'sequence' },
          values: { ':next': sequence },
        },
      );
    },
  };
}
