import { z } from 'zod';
import { announcedSubject, bySubject, define } from '../define.ts';

const origin = z.enum(['ecr', 'webhook', 'reconcile', 'manual']);

export const imagePushed = define(
  'lading.intake',
  'Image Pushed',
  z.object({
    subject: announcedSubject,
    origin,
    /** When the registry says it happened. */
    pushedAt: z.iso.datetime(),
    /** `artifactType`, or the config's media type, as announced; only the manifest itself is believed. */
    artifactType: z.string().optional(),
    /** Host of the registry from which ECR's own replication brought it. */
    copiedFrom: z.string().optional(),
    /** Who pushed, as the registry names them; only its word. */
    actor: z.string().optional(),
  }),
  (data) => `${bySubject(data)} ${data.subject.tags.join(' ')}`,
);

export const imageDeleted = define(
  'lading.intake',
  'Image Deleted',
  z.object({ subject: announcedSubject, origin, deletedAt: z.iso.datetime() }),
  (data) => `${bySubject(data)} ${data.subject.tags.join(' ')}`,
);

/** It went to an archival class of its registry, where nobody can pull it, or came back out of it. */
export const imageStorageChanged = define(
  'lading.intake',
  'Image Storage Changed',
  z.object({
    subject: announcedSubject,
    origin,
    storageClass: z.enum(['archive', 'standard']),
    changedAt: z.iso.datetime(),
  }),
  (data) => `${bySubject(data)} ${data.storageClass}`,
);

export const imagePulled = define(
  'lading.intake',
  'Image Pulled',
  z.object({ subject: announcedSubject, origin, pulledAt: z.iso.datetime(), actor: z.string().optional() }),
  bySubject,
);
