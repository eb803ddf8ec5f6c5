import { z } from 'zod';
import { waiverSchema } from '../policy/index.ts';

const voter = z.object({
  voter: z.string(),
  label: z.string(),
  version: z.string().optional(),
  database: z.object({ version: z.string().optional(), builtAt: z.string().optional() }).optional(),
  scannedAt: z.string().optional(),
  receivedAt: z.string(),
  findings: z.int().nonnegative(),
});

/** What the routes about waivers, VEX and votes answer. */
export const securityAnswers = {
  waivers: z.object({ waivers: z.array(waiverSchema.extend({ state: z.enum(['in-force', 'ended', 'removed']) })) }),
  waiver: z.object({ waiver: waiverSchema }),
  votes: z.object({
    image: z.string(),
    voters: z.array(voter),
    agreements: z.array(
      z.object({
        id: z.string(),
        aliases: z.array(z.string()),
        package: z.object({ name: z.string(), version: z.string(), type: z.string() }),
        found: z.array(z.object({ voter: z.string(), severity: z.string(), fixedVersions: z.array(z.string()) })),
        dissent: z.array(z.string()).describe('looked at such packages and did not find it'),
        silent: z.array(z.string()).describe('does not look at such packages'),
        severityDiffers: z.boolean(),
      }),
    ),
  }),
  plans: z.object({
    plans: z.array(
      z.object({
        image: z.string(),
        changes: z.array(z.string()),
        cleared: z.array(z.string()),
        introduced: z.array(z.string()),
        left: z.int().nonnegative(),
        worth: z.number(),
        cost: z.number(),
        cause: z.string(),
        base: z
          .object({ from: z.string(), to: z.string(), name: z.string() })
          .optional()
          .describe('where it is a newer base'),
        asks: z
          .object({ actions: z.array(z.string()), dryRun: z.boolean() })
          .describe('what the rules ask for by themselves; in a dry run they only say so'),
        pullRequest: z.object({ title: z.string(), body: z.string() }),
        rank: z.number().optional().describe('worth × running instances ÷ cost, with what is built on it'),
        dependents: z.array(z.string()).optional(),
      }),
    ),
  }),
  vulnerability: z.object({
    id: z.string(),
    images: z.array(
      z.object({
        image: z.string(),
        tags: z.array(z.string()),
        scannedAt: z.string(),
        runs: z.array(z.string()).describe('workloads that hold it, as far as they are known'),
        archived: z.boolean().optional().describe('gone from its registry, and can be brought back'),
        findings: z.array(
          z.object({
            id: z.string(),
            severity: z.string(),
            package: z.object({ name: z.string(), version: z.string(), type: z.string() }),
            fixedVersions: z.array(z.string()),
            fixState: z.string(),
            layer: z.string().optional().describe('that brought the package'),
            origin: z.enum(['base', 'own', 'unknown']).optional().describe('whose that layer is'),
          }),
        ),
        plan: z.array(z.string()).optional().describe('what to do, where a change is known that clears it'),
      }),
    ),
    examined: z.int().nonnegative(),
    complete: z.boolean().describe('false: there are more images than were looked at'),
  }),
  report: z.object({
    voter: z.string(),
    findings: z.int().nonnegative(),
    outcome: z.enum(['stored', 'unchanged', 'superseded']),
  }),
  vex: z.object({
    document: z.string(),
    author: z.string(),
    statements: z.int().nonnegative(),
    skipped: z.int().nonnegative(),
    outcome: z.enum(['stored', 'unchanged']),
    images: z.int().nonnegative().describe('that the gate looks at again'),
  }),
} as const;

export const removeWaiverRequest = z.strictObject({ id: z.string().max(40), by: z.string().trim().min(1).max(200) });
