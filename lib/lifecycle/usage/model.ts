import { z } from 'zod';

/** An image that something runs, or is to run, as who sees it names it. */
export const usedImageSchema = z.strictObject({
  /** As a container runtime would take it: a host and a tag may be missing. */
  image: z.string().min(1).max(1_000),
  /** What was really pulled, where that is known. */
  digest: z
    .string()
    .regex(/^sha(?:256:[a-f0-9]{64}|512:[a-f0-9]{128})$/)
    .optional(),
  workload: z.strictObject({ kind: z.string().min(1).max(100), name: z.string().min(1).max(300) }),
});
export type UsedImage = Readonly<z.infer<typeof usedImageSchema>>;

/** What a collector sees at one moment. */
export const usageReportSchema = z.strictObject({
  collector: z.string().regex(/^[\w.:/-]{1,100}$/, 'a name has up to 100 letters, digits, dots, :, /, - and _'),
  observedAt: z.iso.datetime(),
  /** False: more of what it sees follows in another report. Only a whole one shows that the collector is not silent. */
  complete: z.boolean(),
  /** How long what is seen is held: longer than until the next report. */
  leaseHours: z
    .number()
    .positive()
    .max(24 * 366)
    .default(48),
  images: z.array(usedImageSchema).max(5_000),
});
export type UsageReport = Readonly<z.infer<typeof usageReportSchema>>;
