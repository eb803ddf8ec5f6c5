import { z } from 'zod';

const days = z.number().positive().max(36_500);

const ruleSchema = z
  .strictObject({
    name: z.string().min(1).max(100),
    /** Globs of repositories (`team/*`, `**`). */
    repositories: z.array(z.string().min(1)).min(1).default(['**']),
    /** Globs of tags. A tag belongs to the first rule that matches it; a tag that no rule matches is kept. */
    tags: z.array(z.string().min(1)).min(1).default(['**']),
    /** The newest so many tags of the rule are kept. */
    keepLast: z.int().nonnegative().optional(),
    /** Tags bound within so many days are kept, however many. */
    keepDays: days.optional(),
  })
  .refine((rule) => rule.keepLast !== undefined || rule.keepDays !== undefined, {
    error: 'a rule needs keepLast or keepDays: without either it would delete every tag it matches',
  });

/** The setting `retention`: what may be deleted. Without rules nothing ever is. */
export const retentionConfigSchema = z.strictObject({
  rules: z.array(ruleSchema).max(50).default([]),
  /** Manifests without tag, parent and subject are deleted after so many days; absent: never. */
  untaggedDays: days.optional(),
  /** Nothing younger than this is ever deleted, whatever the rules say: its pipeline may still be running. */
  graceHours: z.number().positive().default(24),
  /** Plans are made and shown, and nothing is deleted. */
  dryRun: z.boolean().default(true),
  /** A run that would delete more than this deletes nothing and says so: a wrong rule shows before it costs. */
  maxDeletedShare: z.number().min(0).max(1).default(0.5),
  maxDeleted: z.int().positive().default(1_000),
});
export type RetentionConfig = z.infer<typeof retentionConfigSchema>;
export type RetentionRule = z.infer<typeof ruleSchema>;
