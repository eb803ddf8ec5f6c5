import { z } from 'zod';
import { bySubject, define, documentRef } from '../define.ts';
import { digestSchema, subjectSchema } from '../envelope.ts';

export const retentionPlanned = define(
  'lading.lifecycle',
  'Retention Planned',
  z.object({
    registry: z.string(),
    repository: z.string(),
    plan: documentRef,
    /** A dry run is recorded and shown, and nothing is deleted. */
    dryRun: z.boolean(),
    keep: z.int().nonnegative(),
    expire: z.int().nonnegative(),
    /** Bytes that deletion really frees, after sharing. */
    freedBytes: z.int().nonnegative(),
  }),
  (data) => `${data.registry}/${data.repository} ${data.plan.digest}`,
);

const lifecycleData = z.object({ subject: subjectSchema, plan: digestSchema.optional(), reason: z.string() });
export const imageArchived = define('lading.lifecycle', 'Image Archived', lifecycleData, bySubject);
export const imageRestored = define('lading.lifecycle', 'Image Restored', lifecycleData, bySubject);
export const imageExpired = define(
  'lading.lifecycle',
  'Image Expired',
  lifecycleData.extend({
    /** Every digest of the closed graph that was deleted, children and referrers included. */
    deleted: z.array(digestSchema).max(500),
    deletedCount: z.int().nonnegative(),
  }),
  bySubject,
);
