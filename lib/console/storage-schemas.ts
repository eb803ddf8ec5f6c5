import { z } from 'zod';
import { costKinds } from '../cost/index.ts';
import { digestSchema } from '../events/index.ts';

const bytes = z.int().nonnegative().describe('bytes');
const owner = {
  by: z.enum(['image', 'repository', 'registry', 'account', 'team', 'label']).default('repository'),
  /** The name of the label, where it goes by one. */
  label: z.string().min(1).max(200).optional(),
};
const labelled = ({ by, label }: { readonly by: string; readonly label?: string | undefined }): boolean =>
  (by === 'label') === (label !== undefined);
const labelError = { error: '"label" goes with by=label' };

export const ownersQuery = z.strictObject(owner).refine(labelled, labelError);
export const periodQuery = z
  .strictObject({ ...owner, from: z.iso.datetime(), until: z.iso.datetime() })
  .refine(({ from, until }) => from < until, { error: '"from" must be before "until"' })
  .refine(labelled, labelError);
export const forecastQuery = z
  .strictObject({ ...owner, owner: z.string().min(1).max(600).optional() })
  .refine(labelled, labelError);
export const cacheQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(400).default(30) });
export const duplicatesQuery = z.strictObject({ layers: z.coerce.number().int().min(2).max(2_000).default(300) });

const ownerStorage = {
  owner: z.string(),
  images: z.int().nonnegative(),
  bytes: bytes.describe('all that its images need'),
  unique: bytes.describe('what nobody else holds: what would be freed if it went'),
  shared: bytes,
  fair: bytes.describe('blobs that several hold are divided evenly; adds up to the total'),
  added: bytes.describe('what was not there when it came; adds up to the total'),
};
const fileSum = z.object({
  bytes,
  files: z.int().nonnegative(),
  largest: z.array(z.object({ path: z.string(), bytes })),
});
const money = {
  microUsd: z.number().describe('millionths of a US dollar; lines add up to the total'),
  micrograms: z.number().describe('micrograms of CO₂ equivalent'),
};
const whole = z.string().regex(/^\d{1,60}$/);
const part = z.object({
  kind: z.enum(costKinds),
  region: z.string(),
  amount: whole.describe('a whole number: byte-milliseconds, bytes, images, MB-milliseconds or requests, by kind'),
  marginal: whole.describe('the part of it that would not be there without the owner'),
  ...money,
});
const dated = z.object({ asOf: z.string(), sources: z.array(z.string()) });

/** What the routes about storage and cost answer. */
export const storageAnswers = {
  owners: z.object({
    at: z.string(),
    owners: z.array(z.object(ownerStorage)),
    totalBytes: bytes,
    apartBytes: bytes.describe('as if owners shared nothing'),
    groups: z.array(
      z.object({
        owners: z.array(z.string()),
        bytes,
        blobs: z.int().positive(),
        saved: bytes,
        largest: digestSchema,
      }),
    ),
    otherGroups: z.object({ count: z.int().nonnegative(), bytes, saved: bytes }),
  }),
  image: z.object({
    image: z.string(),
    ...ownerStorage,
    blobs: z.array(
      z.object({
        digest: digestSchema,
        bytes,
        kind: z.enum(['layer', 'config', 'manifest']),
        sharedWith: z.array(z.string()),
        sharers: z.int().nonnegative(),
      }),
    ),
  }),
  advice: z.object({
    image: z.string(),
    layers: z.array(
      z.object({
        digest: digestSchema,
        bytes,
        known: z
          .object({
            compression: z.enum(['gzip', 'zstd', 'none']),
            unpackedBytes: bytes,
            files: z.int().nonnegative(),
            deletedBytes: bytes,
            replacedBytes: bytes,
          })
          .optional()
          .describe('absent where nothing was read of it yet'),
        recompression: z
          .object({
            level: z.int(),
            before: bytes,
            after: bytes,
            gain: z.int(),
            basis: z.enum(['whole', 'sample']),
            sampled: bytes,
          })
          .optional(),
      }),
    ),
    deleted: fileSum,
    replaced: fileSum,
    packedEstimate: bytes,
    caches: z.array(
      z.object({
        tool: z.string(),
        bytes,
        files: z.int().positive(),
        where: z.string(),
        layers: z.array(z.int().nonnegative()),
        advice: z.string(),
      }),
    ),
    repeated: z.object({
      by: z.enum(['contents', 'names']),
      wasted: bytes,
      count: z.int().nonnegative(),
      largest: z.array(z.object({ path: z.string(), bytes, layers: z.array(z.int()), wasted: bytes })),
    }),
    lazyLoading: z.array(
      z.object({
        method: z.enum(['soci', 'estargz']),
        verdict: z.enum(['already', 'suitable', 'little-gain', 'not-possible']),
        why: z.string(),
        lazyBytes: bytes,
      }),
    ),
    unknown: z.int().nonnegative(),
  }),
  duplicates: z.object({
    groups: z.array(
      z.object({
        kind: z.enum(['same-archive', 'same-content', 'same-files', 'similar']),
        layers: z.array(z.object({ digest: digestSchema, bytes })),
        likeness: z.number(),
        wasted: bytes,
        advice: z.string(),
        images: z.array(z.string()),
      }),
    ),
    wasted: bytes,
    compared: z.int().nonnegative(),
    layers: z.int().nonnegative(),
    unknown: z.int().nonnegative(),
  }),
  bases: z.object({
    bases: z.array(
      z.object({
        name: z.string(),
        versions: z.array(
          z.object({
            image: z.string().optional(),
            tags: z.array(z.string()),
            platform: z.string().optional(),
            pushedAt: z.string(),
            images: z.int().positive(),
            named: z.array(z.string()),
            bytes,
            behind: z.int().nonnegative(),
            daysBehind: z.int().nonnegative(),
            mergingSaves: bytes,
          }),
        ),
        images: z.int().positive(),
        mergingSaves: bytes,
      }),
    ),
    withoutBase: z.int().nonnegative(),
    images: z.int().nonnegative(),
    mergingSaves: bytes,
  }),
  caches: z.object({
    caches: z.array(
      z.object({
        image: z.string(),
        tags: z.array(z.string()),
        pushedAt: z.string(),
        uniqueBytes: bytes,
        bytes,
        hits: z.int().nonnegative().optional().describe('absent where the registry tells of no pulls'),
        secondsSavedPerHit: z.number(),
        hoursPerGbMonth: z.number().optional(),
        worthUsd: z.number().optional(),
        verdict: z.enum(['worth-keeping', 'costs-more', 'unused', 'unknown']),
        why: z.string(),
      }),
    ),
    bytes,
    reclaimable: bytes,
    from: z.string(),
    until: z.string(),
  }),
  cost: z.object({
    from: z.string(),
    until: z.string(),
    currency: z.literal('USD'),
    lines: z.array(
      z.object({
        owner: z.string(),
        ...money,
        marginalMicroUsd: z.number().describe('what would not have been paid without this owner'),
        parts: z.array(part),
      }),
    ),
    total: z.object({ ...money, parts: z.array(part) }),
    prices: dated,
    carbon: dated,
    events: z.int().nonnegative(),
    cut: z.boolean().describe('there were more events than one report counts'),
    assumptions: z.array(z.string()),
  }),
  forecast: z.object({
    month: z.string(),
    owner: z.string().optional(),
    soFarUsd: z.number(),
    expectedUsd: z.number(),
    lowUsd: z.number(),
    highUsd: z.number(),
    confidence: z.number(),
    method: z.string(),
    daily: z.array(z.object({ day: z.string(), usd: z.number() })),
    short: z.string().optional(),
  }),
  budgets: z.object({
    budgets: z.array(
      z.object({
        budget: z.string(),
        month: z.string(),
        limitUsd: z.number(),
        spentUsd: z.number(),
        expectedUsd: z.number().optional(),
        highUsd: z.number().optional(),
        reached: z.array(z.number()),
        willExceed: z.boolean(),
        state: z.enum(['within', 'warned', 'expected-over', 'over']),
        owners: z.array(z.object({ owner: z.string(), usd: z.number() })),
      }),
    ),
  }),
} as const;
