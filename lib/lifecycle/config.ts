import { z } from 'zod';
import { globsSchema as globs, patternSchema as pattern, type Selector, selectorSchema } from '../selection/index.ts';

/** From the worst. */
export const findingSeverities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;

const days = z.number().positive().max(36_500);
const quarantineDays = z.number().min(0).max(365);
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

const retentionSelectorSchema = selectorSchema.extend({
  /** What the gate said last; `none` for what it was never asked about. */
  verdicts: z
    .array(z.enum(['allow', 'deny', 'quarantine', 'none']))
    .min(1)
    .optional(),
  /** Its worst finding is at least so bad. What was not scanned is not selected. */
  severityAtLeast: z.enum(findingSeverities).optional(),
});

/** What counts as one group: of the version's part, of a label, or of the pattern's first group in the tag. */
const groupSchema = z.union([
  z.enum(['major', 'minor']),
  z.strictObject({ label: z.string().min(1).max(200) }),
  z.strictObject({ tagPattern: pattern }),
]);

const ageSchema = z.strictObject({
  days,
  /**
   * Since when. `active` is the later of push and pull; `created` is the builder's word, which anyone can choose; `used`
   * is when something was last seen to run it; `superseded` is when the next one that the rule selects was pushed, and
   * the newest never is.
   */
  since: z.enum(['pushed', 'pulled', 'active', 'created', 'used', 'superseded']).default('pushed'),
  /** With `superseded`: the next one of the same group. */
  per: groupSchema.optional(),
});

const rankSchema = z.strictObject({
  count: z.int().nonnegative().max(1_000_000),
  /** What makes one newer than another; among equals the name decides. `version`: the highest semantic version. */
  by: z.enum(['pushed', 'pulled', 'active', 'created', 'version']).default('pushed'),
  /** Counted for each group apart. */
  per: groupSchema.optional(),
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

const ruleSchema = z
  .strictObject({
    name: z.string().min(1).max(100),
    /** Globs of repositories that the rule is for, and of those that it is not for. */
    repositories: globs.optional(),
    otherRepositories: globs.optional(),
    select: retentionSelectorSchema.default({}),
    /** One of these must hold; none given: the rule takes all that it selects. */
    when: z.array(conditionSchema).max(10).default([]),
    /** The smaller first; rules of one priority in their order. */
    priority: z.int().optional(),
    /**
     * `archive` copies the closed graph to the archive bucket and then expires it; it can be restored from there.
     * `quarantine` takes the tags away and leaves the rest until somebody decides; `untag` takes the tag away for good and
     * leaves the image to the rules for what has no tag.
     */
    action: z.enum(['keep', 'archive', 'expire', 'quarantine', 'untag']),
    /**
     * With `archive`: the image stays in its ECR, in the archival storage class, with its tags; nothing is copied and nothing
     * set aside. Without it, it goes to the archive bucket.
     */
    storageClass: z.literal('ecr-archive').optional(),
  })
  .refine(({ action, storageClass }) => storageClass === undefined || action === 'archive', {
    error: '"storageClass" goes with the action "archive"',
    path: ['storageClass'],
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
  /** Instead of the settings for all policies. */
  graceHours: z.number().positive().optional(),
  quarantineDays: quarantineDays.optional(),
  /** Instead of `archive.keepDays`, counted from when it was archived (ECR's `sinceImageTransitioned`). */
  keepArchivedDays: z.int().min(90).max(36_500).optional(),
  maxDeletedShare: z.number().min(0).max(1).optional(),
  maxDeleted: z.int().positive().optional(),
  /** When it may act, in UTC; at other times its plans are shown and not carried out. */
  schedule: z
    .strictObject({
      weekdays: z.array(z.enum(weekdays)).min(1).max(7).optional(),
      /** From this hour, until before that one; over midnight where the second is the smaller. */
      hours: z.tuple([z.int().min(0).max(23), z.int().min(0).max(24)]).optional(),
    })
    .optional(),
  /**
   * How much of what it would have deleted in the last `days` may have been pulled or started later. Over that, it is
   * shown and not carried out. It is replayed from the audit trail at each plan.
   */
  regretBudget: z
    .strictObject({
      days: z.int().min(1).max(365).default(30),
      images: z.int().nonnegative().default(0),
      bytes: z.int().nonnegative().optional(),
    })
    .optional(),
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
  /** The same for all repositories of a registry together. */
  maxDeletedPerRun: z.int().positive().default(5_000),
  maxFreedBytesPerRun: z.int().positive().optional(),
  /** What goes is set aside for so long before: its tags go, its bytes stay, and it can be put back. 0 deletes at once. */
  quarantineDays: quarantineDays.default(7),
  /** Images under these tags are never touched, whatever the rules say. */
  immutableTags: z
    .array(z.strictObject({ repositories: globs.default(['**']), tags: globs }))
    .max(50)
    .default([]),
  /** What other images of the registry are built on stays as long as they do. */
  keepBases: z.boolean().default(true),
  /** Who reports what runs. While one of them is silent for longer, nothing is deleted. */
  collectors: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[\w.:/-]{1,100}$/),
        staleAfterHours: z.number().positive().default(26),
      }),
    )
    .max(100)
    .default([]),
  archive: z
    .strictObject({
      /**
       * What is stored in less room than it came in. `plain`: what is not compressed. `gzip`: layers as well, whose very
       * bytes zlib can make again; another version of zlib may not, see decision 58.
       */
      packing: z.enum(['off', 'plain', 'gzip']).default('plain'),
      /** Archived images are dropped after so many days; without it, never. S3 bills 90 of them in any case. */
      keepDays: z.int().min(90).max(36_500).optional(),
    })
    .prefault({}),
  /** What comes back out of the archive. */
  restore: z
    .strictObject({
      /** Whether a pull of what is archived asks for it, where the registry can tell us of such a pull. */
      onPull: z.boolean().default(true),
      /** Globs of repositories in which it does. */
      repositories: globs.default(['**']),
      /** Pulls of a day (UTC) bring back at most so many images, in a registry and in each repository, and bytes. */
      maxPerDay: z.int().positive().max(100_000).default(20),
      maxPerRepositoryPerDay: z.int().positive().max(100_000).default(5),
      maxBytesPerDay: z
        .int()
        .positive()
        .default(100 * 1024 ** 3),
      /** No rule takes it for so long after it came back, whoever asked for it. */
      leaseDays: z.number().positive().max(366).default(7),
    })
    .prefault({}),
  /** Services of AWS in which images run: read before each plan, and nothing is deleted while one of them cannot be. */
  aws: z
    .strictObject({
      services: z.array(z.enum(['ecs', 'lambda', 'apprunner', 'sagemaker'])).default([]),
      regions: z
        .array(z.string().regex(/^[a-z]{2,3}(?:-[a-z0-9]+)+-\d$/, 'not a region, such as "eu-central-1"'))
        .max(40)
        .default([]),
    })
    .prefault({}),
  /** Pulls by these (globs of the names that registries tell) are ours or a scanner's, and no use. */
  ownActors: globs.optional(),
});
export type RetentionConfig = z.infer<typeof retentionConfigSchema>;
export type RetentionPolicy = z.infer<typeof policySchema>;
export type RetentionRule = z.infer<typeof ruleSchema>;
export type { Selector };
export type Condition = z.infer<typeof conditionSchema>;
export type Rank = z.infer<typeof rankSchema>;
export type Age = z.infer<typeof ageSchema>;
export type Group = z.infer<typeof groupSchema>;
export const retentionPolicySchema = policySchema;
