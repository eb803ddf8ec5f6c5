import { z } from 'zod';
import { bySubject, define } from '../define.ts';
import { digestSchema, subjectSchema } from '../envelope.ts';

const replicationTarget = z.object({ registry: z.string(), repository: z.string() });
export const imageReplicated = define(
  'lading.replication',
  'Image Replicated',
  z.object({
    subject: subjectSchema,
    target: replicationTarget,
    bytesMoved: z.int().nonnegative(),
    blobsCopied: z.int().nonnegative(),
    blobsSkipped: z.int().nonnegative(),
    manifests: z.int().nonnegative(),
    /** From the push to the copy, where the time of the push is known. */
    lagMs: z.int().nonnegative().optional(),
    /** The copy is of another digest than the subject: an index with only some of its platforms. */
    derived: digestSchema.optional(),
  }),
  (data) => `${bySubject(data)} ${data.target.registry}/${data.target.repository}`,
);
export const replicaDiverged = define(
  'lading.replication',
  'Replica Diverged',
  z.object({
    subject: subjectSchema,
    target: replicationTarget,
    difference: z.enum(['missing', 'extra', 'tag-moved', 'corrupted', 'incomplete', 'conflict']),
    detail: z.string(),
  }),
  (data) => `${bySubject(data)} ${data.target.registry}/${data.target.repository} ${data.difference}`,
);

export const replicationRequested = define(
  'lading.replication',
  'Replication Requested',
  z.object({
    subject: subjectSchema,
    target: replicationTarget,
    /** The rule that wants it. */
    rule: z.string(),
    /** `copy` brings the image and these tags of it; `withdraw` takes away what Lading brought, since the source lost it. */
    action: z.enum(['copy', 'withdraw']),
    reason: z.enum(['backfill', 'schedule', 'manual', 'resumed', 'large', 'deleted']),
    /** Which worker takes it: the large one has the time and the memory for many gigabytes. */
    lane: z.enum(['usual', 'large']),
    /** Counts the runs that one copy took; each goes on where the one before stopped. */
    part: z.int().nonnegative(),
  }),
  ({ subject, target, action, lane, part, ...data }) =>
    `${bySubject({ subject })} ${target.registry}/${target.repository} ${data.rule} ${action} ${lane} ${part}`,
);

export const replicaWithdrawn = define(
  'lading.replication',
  'Replica Withdrawn',
  z.object({
    subject: subjectSchema,
    target: replicationTarget,
    rule: z.string(),
    /** Tags and manifests that were taken away. */
    tags: z.array(z.string()),
    deleted: z.array(digestSchema).max(500),
    /** Why something stayed, where it did. */
    kept: z.string().optional(),
  }),
  (data) => `${bySubject(data)} ${data.target.registry}/${data.target.repository} withdrawn`,
);
