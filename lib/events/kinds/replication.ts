import { z } from 'zod';
import { bySubject, define } from '../define.ts';
import { subjectSchema } from '../envelope.ts';

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
  }),
  (data) => `${bySubject(data)} ${data.target.registry}/${data.target.repository}`,
);
export const replicaDiverged = define(
  'lading.replication',
  'Replica Diverged',
  z.object({
    subject: subjectSchema,
    target: replicationTarget,
    difference: z.enum(['missing', 'extra', 'tag-moved', 'corrupted', 'incomplete']),
    detail: z.string(),
  }),
  (data) => `${bySubject(data)} ${data.target.registry}/${data.target.repository} ${data.difference}`,
);
