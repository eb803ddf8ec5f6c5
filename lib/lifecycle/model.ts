import { z } from 'zod';
import { digestSchema } from '../events/index.ts';

const keptTag = z.object({ tag: z.string(), digest: digestSchema, why: z.string() });
const taggedDigest = keptTag.omit({ why: true });

/** One unit of deletion: a root that expires, with all that nothing else needs. */
const expiringGraph = z.object({
  root: digestSchema,
  mediaType: z.string(),
  /** The tags that name the root; none for a manifest that expires as untagged. */
  tags: z.array(z.string()),
  /** Tags on other parts of the graph, which expire as well. */
  partTags: z.array(taggedDigest),
  why: z.string(),
  /**
   * `archive`: it is copied to the archive, whole, before it is deleted. `ecr-archive`: it goes to the registry's own
   * archival class, and nothing is deleted. `quarantine`: it is only set aside.
   */
  action: z.enum(['expire', 'archive', 'ecr-archive', 'quarantine']).default('expire'),
  /** What archiving it costs, against keeping it, where prices are known. */
  costs: z.string().optional(),
  /** In the order of deletion: root, children, referrers. A part that something else needs is not in it. */
  deletes: z.array(digestSchema).min(1),
});
export type ExpiringGraph = z.infer<typeof expiringGraph>;

export const retentionPlanSchema = z.object({
  registry: z.string(),
  repository: z.string(),
  plannedAt: z.iso.datetime(),
  dryRun: z.boolean(),
  /** The policy that decided; absent where there is none for the repository. */
  policy: z.string().optional(),
  /** Why nothing will be done although the rules would: a budget, a collector that is silent, a replay. */
  refused: z.string().optional(),
  /** What goes is set aside for so long before it is deleted; 0: it is deleted at once. */
  quarantineDays: z.number().nonnegative().default(0),
  keep: z.array(keptTag),
  expire: z.array(expiringGraph),
  /** What was set aside long enough, and goes now. */
  due: z.array(expiringGraph).default([]),
  /** What is set aside and stays so. */
  waiting: z.array(z.object({ root: digestSchema, tags: z.array(z.string()), until: z.string() })).default([]),
  /** What was set aside and is put back, because something holds it now. */
  release: z.array(z.object({ root: digestSchema, why: z.string() })).default([]),
  /** Tags that go while their image stays. */
  untag: z.array(keptTag).default([]),
  /** What the rules would expire and something holds back: a lease, its youth, an index or a tag that is kept. */
  spared: z
    .array(z.object({ digest: digestSchema, tags: z.array(z.string()), rule: z.string(), why: z.string() }))
    .default([]),
  /**
   * Bytes that only the manifests of `expire` hold, in the whole registry. What several plans of one run free together is
   * counted once, with the last of them.
   */
  freedBytes: z.int().nonnegative(),
  /** What it archives, in US dollars: what that costs, and what it would cost to keep it. */
  archiving: z
    .object({
      bytes: z.number().nonnegative(),
      keepUsdPerMonth: z.number().nonnegative(),
      archiveUsdPerMonth: z.number().nonnegative(),
      /** For the days that are billed in any case. */
      leastUsd: z.number().nonnegative(),
      asOf: z.string(),
    })
    .optional(),
  /** Bytes that only the manifests of `due` hold: what a run of this plan frees now, where there is a quarantine. */
  dueBytes: z.int().nonnegative().default(0),
});
export type RetentionPlan = z.infer<typeof retentionPlanSchema>;

/** A graph that was set aside: its tags are gone, its bytes are there, and it can be put back exactly. */
export const quarantineSchema = z.object({
  root: digestSchema,
  mediaType: z.string(),
  /** All tags that were taken away, with the time since when they had named their digest. */
  tags: z.array(taggedDigest.extend({ boundAt: z.string() })),
  digests: z.array(digestSchema),
  why: z.string(),
  action: z.enum(['expire', 'archive', 'ecr-archive', 'quarantine']),
  /** `untagged`: the tags were taken away. `marked`: the registry deletes no tags; they stay, and all else is the same. */
  method: z.enum(['untagged', 'marked']),
  quarantinedAt: z.iso.datetime(),
  /** When it may be deleted; absent where somebody has to decide. */
  until: z.iso.datetime().optional(),
});
export type Quarantine = Readonly<z.infer<typeof quarantineSchema>>;

/** A tag that was put back: it names its digest since then, and not since the push that put it back. */
export interface RestoredTag {
  readonly tag: string;
  readonly digest: z.infer<typeof digestSchema>;
  readonly boundAt: string;
  /** Pushes of the tag until then are ours. */
  readonly until: string;
}

/** Something that holds a digest back from every rule: a workload that runs it, a desired state that names it. */
export interface Lease {
  readonly digest: z.infer<typeof digestSchema>;
  readonly reason: string;
  readonly until: string;
}

/** A lease without an end, which somebody has to take back. */
export const holdSchema = z.object({
  digest: digestSchema,
  name: z.string().regex(/^[\w.-]{1,60}$/, 'a name has up to 60 letters, digits, dots, - and _'),
  kind: z.enum(['legal', 'release', 'other']),
  reason: z.string().min(1).max(500),
  by: z.string().min(1).max(200),
  since: z.iso.datetime(),
});
export type Hold = Readonly<z.infer<typeof holdSchema>>;

/** What is known of the pulls, or of the use, of the images of a repository. */
export interface Pulls {
  /** When Lading began to be told. What was pulled before is not known, so nothing counts as unused for longer. */
  readonly since: string;
  /** The last pull of each digest that was pulled since. */
  readonly last: ReadonlyMap<z.infer<typeof digestSchema>, string>;
}

/** What gate and scan said last. */
export interface Judgement {
  readonly verdict?: 'allow' | 'deny' | 'quarantine' | undefined;
  readonly severity?: string | undefined;
}
