import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';
import { globsSchema, patternSchema, selectorSchema, timeWindowSchema } from '../selection/index.ts';
import { pairFaults } from './pair-faults.ts';
import { parseRuleSchedule } from './rule-schedule.ts';

/*
 * What is absent stays absent in here, with its default told beside it: rules travel in the environment of functions,
 * which holds 4 KB.
 */

const hostSchema = z.string().refine(isRegistryHost, 'not a registry host');
const targetSchema = z.strictObject({
  /** A host of the setting `registries`. */
  registry: hostSchema,
  /** Leading parts of names and what stands there instead: `{ "team": "mirror/team" }`. The longest counts. */
  namespaces: z.record(z.string().min(1).max(255), z.string().max(255)).optional(),
  /** Names that the pattern (RE2) matches as a whole, with what becomes of them; `$1` is the first group. */
  rename: z.strictObject({ pattern: patternSchema, to: z.string().min(1).max(300) }).optional(),
  /** Put before the repository's name, for example `mirror/`; after all renaming. */
  prefix: z.string().max(100).default(''),
  /** What all copies to it may send together, in MiB a second. @default no limit */
  mibPerSecond: z.number().positive().max(100_000).optional(),
  /** Copies at once that all workers together make to it. @default no limit but that of the workers */
  copies: z.int().min(1).max(100).optional(),
  /** Uploads at once of one copy. @default 4 */
  uploads: z.int().min(1).max(32).optional(),
  /** When copies may be begun. @default always; what comes outside of them waits for the sweep */
  windows: z.array(timeWindowSchema).min(1).max(20).optional(),
});

const verdictSchema = z.enum(['allow', 'deny', 'quarantine', 'undecided']);
const triggerSchema = z.enum(['event', 'schedule', 'manual']);

const ruleSchema = z.strictObject({
  name: z.string().min(1).max(60),
  /** The host that images are copied from. */
  from: hostSchema,
  /** Globs of repositories (`team/*`, `**`), and of those that it is not for. */
  repositories: z.array(z.string().min(1)).min(1).default(['**']),
  otherRepositories: globsSchema.optional(),
  /** Patterns (RE2) of which one must match somewhere in the name, too. */
  repositoryPatterns: z.array(patternSchema).min(1).max(50).optional(),
  /** Which tags and images: the language of retention. Tags are looked at each for itself. @default all */
  select: selectorSchema.optional(),
  /** What the gate must have said. @default allow */
  verdicts: z.array(verdictSchema).min(1).optional(),
  /** Of an index only the images for these platforms (globs), as another index: see docs/replication.md. */
  platforms: globsSchema.optional(),
  to: z.array(targetSchema).min(1).max(25),
  /** @default all three */
  triggers: z.array(triggerSchema).min(1).optional(),
  /**
   * When the sweep asks for what is missing: `rate(6 hours)`, `cron(30 2 ? * MON-FRI *)`, in UTC. As fine as the sweep
   * itself. @default whenever it looks
   */
  schedule: z
    .string()
    .max(200)
    .refine((text) => parseRuleSchedule(text) !== undefined, 'neither rate(…) nor cron(…) of EventBridge Scheduler')
    .optional(),
  /** What becomes of copies of what is gone at the source. @default off: they stay */
  deletes: z
    .union([
      z.enum(['off', 'on']),
      /** They are marked, and go once they have been gone for so long. */
      z.strictObject({ afterDays: z.number().positive().max(3650) }),
    ])
    .optional(),
  /** Who wins where a tag was moved at both sides. Two rules that copy both ways must agree. @default source */
  conflict: z.enum(['source', 'target', 'newest', 'report']).optional(),
  /** `ecr`: ECR's own replication copies, and Lading looks after it. @default copy */
  via: z.enum(['copy', 'ecr']).optional(),
});

/** The setting `replication`: which images are copied where. Without rules none is. */
export const replicationConfigSchema = z
  .strictObject({
    rules: z.array(ruleSchema).max(50).default([]),
    /** From so many missing bytes on, the larger worker copies. @default 4 GiB */
    largeBytes: z.int().positive().optional(),
  })
  .superRefine(({ rules }, context) => {
    const names = rules.map(({ name }) => name);
    names.forEach((name, i) => {
      if (names.indexOf(name) !== i) {
        context.addIssue({ code: 'custom', path: ['rules', i, 'name'], message: `"${name}" is named twice` });
      }
    });
    for (const { at, message } of pairFaults(rules)) {
      context.addIssue({ code: 'custom', path: ['rules', ...at], message });
    }
  });
export type ReplicationConfig = Readonly<z.infer<typeof replicationConfigSchema>>;
export type ReplicationRule = ReplicationConfig['rules'][number];
export type RuleTarget = ReplicationRule['to'][number];
export type VerdictFilter = z.infer<typeof verdictSchema>;
export type Trigger = z.infer<typeof triggerSchema>;
