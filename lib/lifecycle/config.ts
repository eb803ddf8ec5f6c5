import { z } from 'zod';
import { globsSchema as globs, patternSchema as pattern, type Selector, selectorSchema } from '../selection/index.ts';

const days = z.number().positive().max(36_500);
const ageSchema = z.strictObject({
  days,
  /** Since when. `active` is the later of push and pull; `created` is the builder's word, which anyone can choose. */
  since: z.enum(['pushed', 'pulled', 'active', 'created']).default('pushed'),
});

const rankSchema = z.strictObject({
  count: z.int().nonnegative().max(1_000_000),
  /** What makes one newer than another; among equals the name decides. `version`: the highest semantic version. */
  by: z.enum(['pushed', 'pulled', 'active', 'created', 'version']).default('pushed'),
  /** Counted for each value apart: of the version's part, of a label, or of the pattern's first group in the tag. */
  per: z
    .union([
      z.enum(['major', 'minor']),
      z.strictObject({ label: z.string().min(1).max(200) }),
      z.strictObject({ tagPattern: pattern }),
    ])
    .optional(),
});

/** All that is said must hold. Counts are among everything that the rule selects, whatever other rules do with it. */
const conditionSchema = z
  .strictObject({
    newest: rankSchema.optional(),
    beyondNewest: rankSchema.optional(),
    olderThan: ageSchema.optional(),
    youngerThan: ageSchema.optional(),
  })
  .refine((condition) => Object.values(condition).some((part) => part !== undefined), {
    error: 'a condition needs newest, beyondNewest, olderThan or youngerThan',
  });

const ruleSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** Globs of repositories that the rule is for, and of those that it is not for. */
  repositories: globs.optional(),
  otherRepositories: globs.optional(),
  select: selectorSchema.default({}),
  /** One of these must hold; none given: the rule takes all that it selects. */
  when: z.array(conditionSchema).max(10).default([]),
  /** `archive` copies the closed graph to the archive bucket and then expires it; it can be restored from there. */
  action: z.enum(['keep', 'archive', 'expire']),
});

const policySchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** Globs of repositories (`team/*`, `**`). A repository belongs to the first policy that has a rule for it. */
  repositories: globs.default(['**']),
  /** Whether the rules look at each tag for itself, or at each image with all its tags. */
  unit: z.enum(['tag', 'image']).default('tag'),
  /** The first rule that takes something decides on it. */
  rules: z.array(ruleSchema).min(1).max(50),
  /** What becomes of what no rule takes. */
  otherwise: z.enum(['keep', 'expire']).default('keep'),
});

/** The setting `retention`: what may be deleted. Without policies nothing ever is. */
export const retentionConfigSchema = z.strictObject({
  policies: z.array(policySchema).max(50).default([]),
  /** Nothing younger than this is ever deleted, whatever the rules say: its pipeline may still be running. */
  graceHours: z.number().positive().default(24),
  /** Plans are made and shown, and nothing is deleted. */
  dryRun: z.boolean().default(true),
  /** A run that would delete more than this deletes nothing and says so: a wrong rule shows before it costs. */
  maxDeletedShare: z.number().min(0).max(1).default(0.5),
  maxDeleted: z.int().positive().default(1_000),
});
export type RetentionConfig = z.infer<typeof retentionConfigSchema>;
export type RetentionPolicy = z.infer<typeof policySchema>;
export type RetentionRule = z.infer<typeof ruleSchema>;
export type { Selector };
export type Condition = z.infer<typeof conditionSchema>;
export type Rank = z.infer<typeof rankSchema>;
export type Age = z.infer<typeof ageSchema>;
export const retentionPolicySchema = policySchema;
