import { z } from 'zod';
import { gateDecided, imageReplicated, imageSigned, sbomCreated, scanCompleted } from '../events/index.ts';
import { catalogEntrySchema } from '../inventory/index.ts';
import { retentionPlanSchema } from '../lifecycle/index.ts';

/** What the API answers, as far as the command line reads it. */
const imageShape = z.object({
  entry: catalogEntrySchema,
  tags: z.array(z.string()),
  stages: z.array(
    z.object({ stage: z.string(), state: z.string(), completedAt: z.string().optional(), attempts: z.number() }),
  ),
  settled: z.boolean(),
  sbom: sbomCreated.data.optional(),
  scan: scanCompleted.data.shape.scan.optional(),
  verdict: gateDecided.data.optional(),
  signature: imageSigned.data.shape.signature.optional(),
  replicas: z.array(imageReplicated.data),
});
export type ImageShape = z.infer<typeof imageShape>;

export const imagesAnswer = z.object({ images: z.array(imageShape) });

const finding = z.object({
  id: z.string(),
  severity: z.string(),
  package: z.string(),
  version: z.string(),
  fixedVersions: z.array(z.string()),
  fixState: z.string(),
  location: z.string().optional(),
});
export const imageAnswer = z.object({ image: imageShape, findings: z.array(finding).optional() });

export const eventsAnswer = z.object({
  events: z.array(
    z.object({
      seq: z.number(),
      time: z.string(),
      detailType: z.string(),
      subject: z.string().optional(),
      data: z.unknown(),
    }),
  ),
  head: z.number(),
});

const planned = z.array(z.object({ root: z.string(), tags: z.array(z.string()), why: z.string() }));
export const plansAnswer = z.object({
  plans: z.array(
    retentionPlanSchema.extend({
      counts: z.record(z.string(), z.number()),
      savesPerMonth: z.number(),
      since: z
        .object({
          ...{ since: z.string(), appeared: planned, disappeared: planned },
          ...{ appearedCount: z.number(), disappearedCount: z.number() },
        })
        .optional(),
    }),
  ),
});

export const advisoriesAnswer = z.object({
  snapshot: z
    .object({
      id: z.string(),
      sequence: z.number(),
      createdAt: z.string(),
      advisories: z.number(),
      rematched: z.boolean(),
    })
    .optional(),
  sources: z.array(
    z.object({
      name: z.string(),
      scope: z.string(),
      advisories: z.number(),
      rejected: z.number(),
      readAt: z.string(),
      goodAt: z.string().optional(),
      problem: z.object({ kind: z.string(), message: z.string(), since: z.string() }).optional(),
      fetched: z.object({ last: z.number(), total: z.number() }).optional(),
      ecosystems: z.array(z.object({ name: z.string(), packages: z.number(), advisories: z.number() })),
    }),
  ),
});
