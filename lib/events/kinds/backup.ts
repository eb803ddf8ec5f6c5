import { z } from 'zod';
import { define, documentRef } from '../define.ts';

export const backupCompleted = define(
  'lading.backup',
  'Backup Completed',
  z.object({
    registry: z.string(),
    snapshot: documentRef,
    startedAt: z.iso.datetime(),
    takenAt: z.iso.datetime(),
    repositories: z.int().nonnegative(),
    manifests: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    /** Images and repositories that could not be read; the snapshot names all of them. */
    faults: z.int().nonnegative(),
    named: z.array(z.string()).max(20),
  }),
  (data) => `${data.registry} ${data.snapshot.digest}`,
);
