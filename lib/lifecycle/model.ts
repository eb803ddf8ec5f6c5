import { z } from 'zod';
import { digestSchema } from '../events/index.ts';

const keptTag = z.object({ tag: z.string(), digest: digestSchema, why: z.string() });

/** One unit of deletion: a root that expires, with all that nothing else needs. */
const expiringGraph = z.object({
  root: digestSchema,
  mediaType: z.string(),
  /** The tags that name the root; none for a manifest that expires as untagged. */
  tags: z.array(z.string()),
  /** Tags on other parts of the graph, which expire as well. */
  partTags: z.array(keptTag.omit({ why: true })),
  why: z.string(),
  /** `archive`: it is copied to the archive, whole, before it is deleted. */
  action: z.enum(['expire', 'archive']).default('expire'),
  /** In the order of deletion: root, children, referrers. A part that something else needs is not in it. */
  deletes: z.array(digestSchema).min(1),
});
export type ExpiringGraph = z.infer<typeof expiringGraph>;

export const retentionPlanSchema = z.object({
  registry: z.string(),
  repository: z.string(),
  plannedAt: z.iso.datetime(),
  dryRun: z.boolean(),
  /** Why nothing will be deleted although the rules would: the budget was exceeded. */
  refused: z.string().optional(),
  keep: z.array(keptTag),
  expire: z.array(expiringGraph),
  /** What the rules would expire and something holds back: a lease, its youth, an index or a tag that is kept. */
  spared: z
    .array(z.object({ digest: digestSchema, tags: z.array(z.string()), rule: z.string(), why: z.string() }))
    .default([]),
  /** Bytes that only the deleted manifests hold, in the whole registry. */
  freedBytes: z.int().nonnegative(),
});
export type RetentionPlan = z.infer<typeof retentionPlanSchema>;

/** Something that holds a digest back from every rule: a workload that runs it, a legal hold, a release. */
export interface Lease {
  readonly digest: z.infer<typeof digestSchema>;
  readonly reason: string;
  readonly until: string;
}

/** What is known of the pulls of a repository. */
export interface Pulls {
  /** When Lading began to be told. What was pulled before is not known, so nothing counts as unused for longer. */
  readonly since: string;
  /** The last pull of each digest that was pulled since. */
  readonly last: ReadonlyMap<z.infer<typeof digestSchema>, string>;
}
