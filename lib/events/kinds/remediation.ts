import { z } from 'zod';
import { bySubject, define } from '../define.ts';
import { digestSchema, subjectSchema } from '../envelope.ts';

export const remediationPlanned = define(
  'lading.remediation',
  'Remediation Planned',
  z.object({
    subject: subjectSchema,
    /** What is to be changed, in words. */
    changes: z.array(z.string()).max(500),
    /** Findings that it clears, that a newer base brings in, and that stay. */
    cleared: z.int().nonnegative(),
    introduced: z.int().nonnegative(),
    left: z.int().nonnegative(),
    worth: z.number(),
    cost: z.number(),
    /** Names what is done for good: it is done once. */
    cause: digestSchema,
    /** Told, and not asked for. */
    dryRun: z.boolean(),
    actions: z.array(z.string()),
  }),
  (data) => `${bySubject(data)} ${data.cause}`,
);
