import { z } from 'zod';
import { announcedSubject, bySubject, define } from '../define.ts';

export const imageInUse = define(
  'lading.runtime',
  'Image In Use',
  z.object({
    subject: announcedSubject,
    workload: z.object({ kind: z.string(), name: z.string() }),
    observedAt: z.iso.datetime(),
    leaseUntil: z.iso.datetime(),
  }),
  (data) => `${bySubject(data)} ${data.workload.kind}/${data.workload.name}`,
);
