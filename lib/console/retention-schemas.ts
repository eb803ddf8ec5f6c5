import { z } from 'zod';
import { digestSchema } from '../events/index.ts';
import {
  holdSchema,
  quarantineSchema,
  replaySchema,
  retentionConfigSchema,
  retentionPlanSchema,
  usageReportSchema,
} from '../lifecycle/index.ts';

const config = retentionConfigSchema.optional().describe('instead of the deployed setting "retention"');
/** A name that people write: no line breaks, which could be taken for other lines. */
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}]*$/u, 'one line of text');
const image = line(600).describe('registry/repository:tag or registry/repository@digest');

export const retentionRequests = {
  preview: z.strictObject({
    config,
    repository: z.string().optional(),
    most: z.int().min(0).max(10_000).default(1_000).describe('of each list of a plan; "counts" is of all'),
  }),
  explain: z.strictObject({ config, image }),
  replay: z.strictObject({ config, days: z.int().min(1).max(365).default(30) }),
  hold: z.strictObject({
    image,
    name: holdSchema.shape.name,
    kind: holdSchema.shape.kind.default('other'),
    reason: line(500),
    by: line(200),
  }),
  liftHold: z.strictObject({ image, name: holdSchema.shape.name }),
  lease: z.strictObject({
    image,
    name: line(200).describe('what uses it'),
    hours: z
      .number()
      .positive()
      .max(24 * 366),
  }),
  usage: usageReportSchema,
  restore: z.strictObject({
    image: image.describe('registry/repository:tag or registry/repository@digest, as it was pulled'),
    by: line(200).default('somebody').describe('who pulls it, as the registry names them'),
  }),
};

const count = z.int().nonnegative();
const planned = z.array(z.object({ root: digestSchema, tags: z.array(z.string()), why: z.string() }));
const previewed = retentionPlanSchema.extend({
  counts: z.object({
    keep: count,
    expire: count,
    due: count,
    waiting: count,
    release: count,
    untag: count,
    spared: count,
  }),
  savesPerMonth: z.number().nonnegative().describe('US dollars, by the price list, once all of it is deleted'),
  since: z
    .object({
      since: z.string(),
      appeared: planned,
      disappeared: planned,
      appearedCount: count,
      disappearedCount: count,
    })
    .optional()
    .describe('what changed since the last plan that was recorded'),
});
const named = { registry: z.string(), repository: z.string() };

export const retentionAnswers = {
  plans: z.object({ plans: z.array(previewed) }),
  explanation: z.object({ fate: z.string(), because: z.array(z.string()) }),
  replays: z.object({ replays: z.array(replaySchema) }),
  quarantined: z.object({ quarantined: z.array(quarantineSchema.extend(named)) }),
  holds: z.object({ holds: z.array(holdSchema.extend(named)) }),
  held: z.object({ image: z.string(), outcome: z.enum(['held', 'condemned']) }),
  lifted: z.object({ image: z.string(), lifted: z.boolean() }),
  usage: z.object({ held: count, unknown: count, condemned: z.array(z.string()) }),
  restore: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('not-archived') }),
    z.object({ kind: z.literal('restoring'), digest: digestSchema, bytes: count, retryAfterSeconds: count }),
    z.object({ kind: z.literal('limited'), digest: digestSchema, retryAfterSeconds: count }),
  ]),
};
