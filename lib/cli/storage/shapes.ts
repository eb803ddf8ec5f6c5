import { z } from 'zod';
import { digestSchema } from '../../events/index.ts';

/** What the API answers about storage, as far as the command line reads it. */
const owner = {
  owner: z.string(),
  images: z.number(),
  bytes: z.number(),
  unique: z.number(),
  shared: z.number(),
  fair: z.number(),
  added: z.number(),
};
export const storageAnswer = z.object({
  at: z.string(),
  owners: z.array(z.object(owner)),
  totalBytes: z.number(),
  apartBytes: z.number(),
  groups: z.array(
    z.object({
      owners: z.array(z.string()),
      bytes: z.number(),
      blobs: z.number(),
      saved: z.number(),
      largest: digestSchema,
    }),
  ),
  otherGroups: z.object({ count: z.number(), bytes: z.number(), saved: z.number() }),
});

export const imageStorageAnswer = z.object({
  image: z.string(),
  ...owner,
  blobs: z.array(
    z.object({
      digest: digestSchema,
      bytes: z.number(),
      kind: z.enum(['layer', 'config', 'manifest']),
      sharedWith: z.array(z.string()),
      sharers: z.number(),
    }),
  ),
});

const fileSum = z.object({
  bytes: z.number(),
  files: z.number(),
  largest: z.array(z.object({ path: z.string(), bytes: z.number() })),
});
export const adviceAnswer = z.object({
  image: z.string(),
  layers: z.array(
    z.object({
      digest: digestSchema,
      bytes: z.number(),
      known: z
        .object({
          compression: z.enum(['gzip', 'zstd', 'none']),
          unpackedBytes: z.number(),
          files: z.number(),
          deletedBytes: z.number(),
          replacedBytes: z.number(),
        })
        .optional(),
      recompression: z
        .object({
          level: z.number(),
          before: z.number(),
          after: z.number(),
          gain: z.number(),
          basis: z.enum(['whole', 'sample']),
          sampled: z.number(),
        })
        .optional(),
    }),
  ),
  deleted: fileSum,
  replaced: fileSum,
  packedEstimate: z.number(),
  caches: z.array(
    z.object({
      tool: z.string(),
      bytes: z.number(),
      files: z.number(),
      where: z.string(),
      layers: z.array(z.number()),
      advice: z.string(),
    }),
  ),
  repeated: z.object({
    by: z.enum(['contents', 'names']),
    wasted: z.number(),
    count: z.number(),
    largest: z.array(
      z.object({ path: z.string(), bytes: z.number(), layers: z.array(z.number()), wasted: z.number() }),
    ),
  }),
  lazyLoading: z.array(
    z.object({
      method: z.enum(['soci', 'estargz']),
      verdict: z.enum(['already', 'suitable', 'little-gain', 'not-possible']),
      why: z.string(),
      lazyBytes: z.number(),
    }),
  ),
  unknown: z.number(),
});
export type AdviceShape = z.infer<typeof adviceAnswer>;

export const duplicatesAnswer = z.object({
  groups: z.array(
    z.object({
      kind: z.enum(['same-archive', 'same-content', 'same-files', 'similar']),
      layers: z.array(z.object({ digest: digestSchema, bytes: z.number() })),
      likeness: z.number(),
      wasted: z.number(),
      advice: z.string(),
      images: z.array(z.string()),
    }),
  ),
  wasted: z.number(),
  compared: z.number(),
  layers: z.number(),
  unknown: z.number(),
});

export const basesAnswer = z.object({
  bases: z.array(
    z.object({
      name: z.string(),
      versions: z.array(
        z.object({
          image: z.string().optional(),
          tags: z.array(z.string()),
          platform: z.string().optional(),
          pushedAt: z.string(),
          images: z.number(),
          bytes: z.number(),
          behind: z.number(),
          daysBehind: z.number(),
          mergingSaves: z.number(),
        }),
      ),
      images: z.number(),
      mergingSaves: z.number(),
    }),
  ),
  withoutBase: z.number(),
  images: z.number(),
  mergingSaves: z.number(),
});

export const cachesAnswer = z.object({
  caches: z.array(
    z.object({
      image: z.string(),
      tags: z.array(z.string()),
      uniqueBytes: z.number(),
      hits: z.number().optional(),
      hoursPerGbMonth: z.number().optional(),
      worthUsd: z.number().optional(),
      verdict: z.enum(['worth-keeping', 'costs-more', 'unused', 'unknown']),
      why: z.string(),
    }),
  ),
  bytes: z.number(),
  reclaimable: z.number(),
});

export const garbageAnswer = z.object({
  freedBytes: z.number(),
  blobs: z.number(),
  uploads: z.number(),
  dryRun: z.boolean(),
});
