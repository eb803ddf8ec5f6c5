import { z } from 'zod';
import { type Item, ifAbsent, queryAll, type Table } from '../../aws/table.ts';
import { type Digest, isDigest } from '../../core/digest.ts';
import { type ImageLocation, locationKey, parseLocationKey } from '../../core/image-reference.ts';
import type { ReplicaRecord, RepositoryAddress } from '../model.ts';
import type { ReplicaStore, TagLedger } from '../ports.ts';

const itemSchema = z.object({
  pk: z.string(),
  gsi1pk: z.string(),
  root: z.custom<Digest>(isDigest),
  derivedFrom: z.custom<Digest>(isDigest).optional(),
  state: z.enum(['intended', 'complete']),
  intendedAt: z.string(),
  completedAt: z.string().optional(),
});

const keyOf = (target: ImageLocation) => ({ pk: locationKey(target), sk: 'replica' });

function recordOf(item: Item): ReplicaRecord {
  const { pk, gsi1pk, completedAt, derivedFrom, ...rest } = itemSchema.parse(item);
  return {
    target: parseLocationKey(pk),
    source: parseLocationKey(gsi1pk),
    ...rest,
    ...(completedAt === undefined ? {} : { completedAt }),
    ...(derivedFrom === undefined ? {} : { derivedFrom }),
  };
}

/** Records by target (`pk`), and by source in the index `gsi1`. */
export function dynamoReplicas(table: Table): ReplicaStore {
  const find = async (target: ImageLocation): Promise<ReplicaRecord | undefined> => {
    const item = await table.get(keyOf(target));
    return item && recordOf(item);
  };
  return {
    find,
    async intend({ target, source, ...record }) {
      const index = { gsi1pk: locationKey(source), gsi1sk: locationKey(target) };
      const put = await table.put({ ...keyOf(target), ...index, ...record, state: 'intended' }, ifAbsent);
      if (put) return 'intended';
      return (await find(target))?.state === 'complete' ? 'complete' : 'known';
    },
    async complete(target, completedAt) {
      await table.update(
        keyOf(target),
        {
          expression: 'SET #state = :complete, completedAt = :at',
          names: { '#state': 'state' },
          values: { ':complete': 'complete', ':intended': 'intended', ':at': completedAt },
        },
        '#state = :intended',
      );
    },
    forget: async (target) => void (await table.delete(keyOf(target))),
    async *replicasOf(source) {
      for await (const item of queryAll(table, { index: 'gsi1', pk: locationKey(source) })) yield recordOf(item);
    },
    sourceOf: async (target) => (await find(target))?.source.registry,
    tags: dynamoTags(table),
  };
}

const digestSchema = z.custom<Digest>(isDigest);
const tagSchema = z.object({
  digest: digestSchema,
  setAt: z.string(),
  movingFrom: z.union([z.literal('none'), digestSchema]).optional(),
});
const tagKey = ({ registry, repository }: RepositoryAddress, tag: string) => ({
  pk: `TAGS#${registry}/${repository}`,
  sk: tag,
});

function dynamoTags(table: Table): TagLedger {
  return {
    async find(of, tag) {
      const item = await table.get(tagKey(of, tag));
      return item && tagSchema.parse(item);
    },
    swap: (of, tag, before, digest, setAt) =>
      table.put(
        { ...tagKey(of, tag), digest, setAt, movingFrom: before ?? 'none' },
        before === undefined ? ifAbsent : { expression: 'digest = :before', values: { ':before': before } },
      ),
    settle: async (of, tag, digest) =>
      void (await table.update(
        tagKey(of, tag),
        { expression: 'REMOVE movingFrom', values: { ':digest': digest } },
        'digest = :digest',
      )),
    drop: (of, tag, digest) =>
      table.delete(tagKey(of, tag), { expression: 'digest = :digest', values: { ':digest': digest } }),
  };
}
