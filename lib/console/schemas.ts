import { z } from 'zod';
import { gateDecided, imageReplicated, imageSigned, sbomCreated, scanCompleted } from '../events/index.ts';
import { catalogEntrySchema, stages } from '../inventory/index.ts';

/*
 * What the API takes and answers. Requests are read by these; answers are described by them in the OpenAPI document,
 * and tests hold both to each other.
 */

export const storageReportQuery = z
  .strictObject({
    from: z.iso.datetime(),
    until: z.iso.datetime(),
    by: z.enum(['repository', 'registry', 'label']).default('repository'),
    /** The name of the label, where it goes by one. */
    label: z.string().min(1).max(200).optional(),
  })
  .refine(({ from, until }) => from < until, { error: '"from" must be before "until"' })
  .refine(({ by, label }) => (by === 'label') === (label !== undefined), { error: '"label" goes with by=label' });

const image = z.object({
  entry: catalogEntrySchema,
  tags: z.array(z.string()),
  stages: z.array(
    z.object({
      stage: z.enum(stages),
      state: z.enum(['done', 'working', 'waiting', 'not-needed']),
      completedAt: z.string().optional(),
      attempts: z.int().nonnegative(),
    }),
  ),
  settled: z.boolean().describe('nothing more will happen by itself'),
  sbom: sbomCreated.data.optional(),
  scan: scanCompleted.data.shape.scan.optional(),
  verdict: gateDecided.data.optional(),
  signature: imageSigned.data.shape.signature.optional(),
  replicas: z.array(imageReplicated.data),
});

const gbMonths = z.number().describe('gigabytes (10⁹ bytes) for a month of 730 hours');
export const storageReport = z.object({
  from: z.string(),
  until: z.string(),
  lines: z.array(
    z.object({
      owner: z.string(),
      fairGbMonths: gbMonths.describe('blobs that several hold are divided evenly among them; adds up to the total'),
      aloneGbMonths: gbMonths.describe('what nobody else holds'),
      apartGbMonths: gbMonths.describe('as if nothing were shared'),
    }),
  ),
  totalGbMonths: gbMonths,
});

const finding = z.object({
  id: z.string(),
  severity: z.string(),
  package: z.string(),
  version: z.string(),
  fixedVersions: z.array(z.string()),
  fixState: z.string(),
  location: z.string().optional(),
  layer: z.string().optional().describe('that brought the package'),
  origin: z.enum(['base', 'own', 'unknown']).optional().describe('whose that layer is'),
});

const event = z.object({
  seq: z.int().positive(),
  time: z.string(),
  detailType: z.string(),
  subject: z.string().optional().describe('registry/repository@digest, where the event is about an image'),
  data: z.unknown(),
});

const source = z.object({
  name: z.string(),
  scope: z.string().describe('excerpt: it holds only some advisories, so that no match says little'),
  advisories: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  readAt: z.string(),
  goodAt: z.string().optional().describe('when it was last read or found unchanged'),
  problem: z
    .object({ kind: z.string(), message: z.string(), since: z.string() })
    .optional()
    .describe('why it is not taken over; what it said before counts'),
  fetched: z
    .object({ last: z.number(), total: z.number() })
    .optional()
    .describe('bytes that the last run fetched of it, and that all runs did'),
  ecosystems: z.array(
    z.object({ name: z.string(), packages: z.int().nonnegative(), advisories: z.int().nonnegative() }),
  ),
});

export const answers = {
  images: z.object({ images: z.array(image) }),
  image: z.object({ image, findings: z.array(finding).optional() }),
  events: z.object({ events: z.array(event), head: z.int().nonnegative().describe('number of the newest event') }),
  advisories: z.object({
    snapshot: z
      .object({
        id: z.string(),
        sequence: z.int().positive(),
        createdAt: z.string(),
        advisories: z.int().nonnegative(),
        rematched: z.boolean(),
      })
      .optional(),
    sources: z.array(source),
  }),
  storage: storageReport,
  health: z.object({ ok: z.literal(true) }),
  problem: z
    .object({
      type: z.literal('about:blank'),
      title: z.string().describe('a code that does not change'),
      status: z.int(),
      detail: z.string(),
      hint: z.string().optional(),
    })
    .describe('RFC 9457'),
} as const;
