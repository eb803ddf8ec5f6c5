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
    /** Graphs that were set aside long enough, and go now. */
    due: z.int().nonnegative().optional(),
    /** All that is to be done, setting aside, deleting, putting back and taking tags away together. */
    toDo: z.int().nonnegative().optional(),
    /** Why nothing is done although there would be something to do. */
    refused: z.string().optional(),
  }),
  (data) => `${data.registry}/${data.repository} ${data.plan.digest}`,
);

const lifecycleData = z.object({ subject: subjectSchema, plan: digestSchema.optional(), reason: z.string() });
export const imageArchived = define(
  'lading.lifecycle',
  'Image Archived',
  // Without it: in the archive bucket.
  lifecycleData.extend({ storage: z.enum(['bucket', 'registry']).optional() }),
  bySubject,
);
export const imageRestored = define('lading.lifecycle', 'Image Restored', lifecycleData, bySubject);
/** Its tags were taken away; its bytes are there, and it can be put back. */
export const imageQuarantined = define(
  'lading.lifecycle',
  'Image Quarantined',
  lifecycleData.extend({
    method: z.enum(['untagged', 'marked']),
    /** When it may be deleted; absent where somebody has to decide. */
    until: z.iso.datetime().optional(),
  }),
  bySubject,
);
/** It was set aside, and stands again where it was. */
export const imageReleased = define(
  'lading.lifecycle',
  'Image Released',
  lifecycleData.extend({ quarantinedAt: z.iso.datetime() }),
  bySubject,
);
/** Something came to need what was set aside: it is to be put back. */
export const releaseRequested = define(
  'lading.lifecycle',
  'Release Requested',
  z.object({
    subject: z.object({ registry: z.string(), repository: z.string(), digest: digestSchema }),
    reason: z.string(),
  }),
  bySubject,
);
/** Something wants an image that lies in the archive only: it is to be brought back. */
export const restoreRequested = define(
  'lading.lifecycle',
  'Restore Requested',
  z.object({
    subject: z.object({ registry: z.string(), repository: z.string(), digest: digestSchema }),
    reason: z.string(),
  }),
  bySubject,
);
/** A tag went by a rule; its image stays. */
export const tagExpired = define(
  'lading.lifecycle',
  'Tag Expired',
  lifecycleData,
  (data) => `${bySubject(data)} ${data.subject.tags.join()}`,
);
/** Deletions that stopped, or did not begin, because something that they rest on is missing. */
export const retentionWithheld = define(
  'lading.lifecycle',
  'Retention Withheld',
  z.object({
    registry: z.string(),
    repository: z.string(),
    plan: documentRef,
    reason: z.string(),
    /** Graphs of the plan that were left as they are. */
    left: z.int().nonnegative(),
  }),
  (data) => `${data.registry}/${data.repository} ${data.plan.digest}`,
);
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
