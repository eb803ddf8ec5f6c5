import { z } from 'zod';

/** What the API answers about waivers, VEX and votes, as far as the command line reads it. */
const waiver = z.object({
  id: z.string(),
  vulnerability: z.string(),
  image: z.string(),
  package: z.string().optional(),
  reason: z.string(),
  author: z.string(),
  until: z.string(),
});
export const waiverAnswer = z.object({ waiver });
export const waiversAnswer = z.object({ waivers: z.array(waiver.extend({ state: z.string() })) });

export const deadlinesAnswer = z.object({
  days: z.record(z.string(), z.number()),
  deadlines: z.array(
    z.object({
      image: z.string(),
      id: z.string(),
      package: z.string(),
      version: z.string(),
      severity: z.string(),
      fixedVersions: z.array(z.string()),
      fixableSince: z.string(),
      dueAt: z.string(),
      state: z.string(),
    }),
  ),
  overdue: z.number(),
  examined: z.number(),
  complete: z.boolean(),
});

export const votesAnswer = z.object({
  image: z.string(),
  voters: z.array(
    z.object({
      voter: z.string(),
      label: z.string(),
      version: z.string().optional(),
      database: z.object({ version: z.string().optional(), builtAt: z.string().optional() }).optional(),
      scannedAt: z.string().optional(),
      receivedAt: z.string(),
      findings: z.number(),
    }),
  ),
  agreements: z.array(
    z.object({
      id: z.string(),
      package: z.object({ name: z.string(), version: z.string() }),
      found: z.array(z.object({ voter: z.string(), severity: z.string() })),
      dissent: z.array(z.string()),
      silent: z.array(z.string()),
      severityDiffers: z.boolean(),
    }),
  ),
});

export const reportAnswer = z.object({ voter: z.string(), findings: z.number(), outcome: z.string() });
export const vexAnswer = z.object({
  document: z.string(),
  author: z.string(),
  statements: z.number(),
  skipped: z.number(),
  outcome: z.string(),
  images: z.number(),
});

export const plansAnswer = z.object({
  plans: z.array(
    z.object({
      image: z.string(),
      changes: z.array(z.string()),
      cleared: z.array(z.string()),
      introduced: z.array(z.string()),
      left: z.number(),
      worth: z.number(),
      cost: z.number(),
      base: z.object({ from: z.string(), to: z.string(), name: z.string() }).optional(),
      pullRequest: z.object({ title: z.string(), body: z.string() }),
      asks: z.object({ actions: z.array(z.string()), dryRun: z.boolean() }).optional(),
      rank: z.number().optional(),
      dependents: z.array(z.string()).optional(),
    }),
  ),
});

export const vulnerabilityAnswer = z.object({
  images: z.array(
    z.object({
      image: z.string(),
      tags: z.array(z.string()),
      runs: z.array(z.string()),
      findings: z.array(
        z.object({
          id: z.string(),
          severity: z.string(),
          package: z.object({ name: z.string(), version: z.string() }),
          fixedVersions: z.array(z.string()),
          fixState: z.string(),
          layer: z.string().optional(),
          origin: z.string().optional(),
        }),
      ),
      archived: z.boolean().optional(),
      plan: z.array(z.string()).optional(),
    }),
  ),
  examined: z.number(),
  complete: z.boolean(),
});
