import { z } from 'zod';
import { announcedSubject, bySubject, define } from '../define.ts';

export const untrustedImageStarted = define(
  'lading.admission',
  'Untrusted Image Started',
  z.object({
    subject: announcedSubject,
    workload: z.object({ kind: z.string(), name: z.string() }),
    reason: z.string(),
    detail: z.string(),
    /** Whether the workload was told to stop. */
    stopped: z.boolean(),
  }),
  (data) => `${bySubject(data)} ${data.workload.kind}/${data.workload.name}`,
);
