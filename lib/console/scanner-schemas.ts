import { z } from 'zod';

/** What the routes about runs of other scanners take and answer. */
export const runScannersRequest = z.strictObject({
  scanners: z.array(z.string().min(1).max(50)).min(1).max(10).optional(),
});

const run = z.object({
  image: z.string(),
  scanner: z.string(),
  day: z.string().describe('whose advisories were asked for'),
  requestedAt: z.string(),
  requestedBy: z.string(),
  state: z.enum(['waiting', 'starting', 'running', 'completed', 'failed', 'timed-out']),
  reason: z.string().optional(),
  code: z.string().optional().describe('of a failure'),
  findings: z.int().nonnegative().optional().describe('of a vote: only a completed run has one'),
  packages: z.int().nonnegative().optional().describe('of the SBOM that a generator made'),
  since: z.string().optional(),
  notBefore: z.string().optional(),
  endedAt: z.string().optional(),
  attempts: z.int().nonnegative(),
  lastProblem: z.string().optional(),
});

export const scannerAnswers = {
  scanners: z.object({
    scanners: z.array(
      z.object({
        scanner: z.string(),
        voter: z.string().describe('as which it stands in the policy'),
        on: z.enum(['catalogued', 'command']),
        repositories: z.array(z.string()),
        concurrent: z.int(),
        perDay: z.int(),
        timeoutMinutes: z.int(),
      }),
    ),
    runs: z.array(run),
  }),
  requested: z.object({ image: z.string(), scanners: z.array(z.string()) }),
} as const;
