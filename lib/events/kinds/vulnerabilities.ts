import { z } from 'zod';
import { bySubject, define, documentRef } from '../define.ts';
import { subjectSchema } from '../envelope.ts';

const severityCounts = z.object({
  critical: z.int().nonnegative(),
  high: z.int().nonnegative(),
  medium: z.int().nonnegative(),
  low: z.int().nonnegative(),
  /** Rated "none" or "negligible" by its source. */
  negligible: z.int().nonnegative(),
  unknown: z.int().nonnegative(),
});
export type SeverityCounts = z.infer<typeof severityCounts>;

export const scanCompleted = define(
  'lading.vulnerabilities',
  'Scan Completed',
  z.object({
    subject: subjectSchema,
    scan: documentRef.extend({
      matcher: z.string(),
      /** Id of the advisory snapshot that was matched against; absent when there is none yet. */
      snapshot: z.string().optional(),
      counts: severityCounts,
      fixable: z.int().nonnegative(),
      /** Packages for whose ecosystem the snapshot holds no advisories at all: unknown, not clean. */
      uncovered: z.int().nonnegative(),
      packages: z.int().nonnegative(),
      sbomOutcome: z.enum(['complete', 'limit-exceeded', 'unreadable']),
    }),
  }),
  bySubject,
);

const findingSummary = z.object({
  id: z.string(),
  package: z.string(),
  version: z.string(),
  severity: z.string(),
});

export const findingsChanged = define(
  'lading.vulnerabilities',
  'Findings Changed',
  z.object({
    subject: subjectSchema,
    scan: scanCompleted.data.shape.scan,
    /** At most 50 of each are named; the scan document has all. */
    appeared: z.array(findingSummary).max(50),
    fixed: z.array(findingSummary).max(50),
    withdrawn: z.array(findingSummary).max(50),
    severityChanged: z.array(findingSummary).max(50),
    knownExploited: z.array(findingSummary).max(50),
    /** It is gone from its registry, and can be brought back out of the archive. */
    archived: z.boolean().optional(),
  }),
  (data) => `${bySubject(data)} ${data.scan.snapshot}`,
);

export const advisoriesUpdated = define(
  'lading.vulnerabilities',
  'Advisories Updated',
  z.object({
    snapshot: z.string(),
    previous: z.string().optional(),
    /** Document that lists what is new, changed and withdrawn between the two. */
    difference: documentRef.optional(),
    advisories: z.int().nonnegative(),
    changedPackages: z.int().nonnegative(),
    sources: z.array(z.object({ name: z.string(), advisories: z.int().nonnegative(), problem: z.string().optional() })),
  }),
  (data) => data.snapshot,
);
