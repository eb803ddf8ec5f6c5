import { z } from 'zod';
import { digestSchema } from '../../events/index.ts';

/** One event of the audit trail. */
export interface RecordedEvent {
  readonly detailType: string;
  /** When it was recorded. */
  readonly time: string;
  /** The event's data, as recorded. */
  readonly data: unknown;
}

/** What was recorded of the past, oldest first. */
export interface EventHistory {
  events(): AsyncIterable<RecordedEvent>;
}

const regretSchema = z.object({
  repository: z.string(),
  /** What was used. */
  digest: digestSchema,
  /** What would have been deleted with it. */
  root: digestSchema,
  tags: z.array(z.string()),
  policy: z.string(),
  why: z.string(),
  deletedAt: z.iso.datetime(),
  usedAt: z.iso.datetime(),
  how: z.enum(['pulled', 'started']),
  /** Of the graph that would have been missing. */
  bytes: z.int().nonnegative(),
});

const outcomeSchema = z.object({
  /** Graphs that would have been deleted, their manifests and bytes. */
  graphs: z.int().nonnegative(),
  manifests: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** Of these graphs, those that were used after that. */
  regrets: z.int().nonnegative(),
  regretBytes: z.int().nonnegative(),
  /** Graphs that would have been put back because they were used while they were set aside. */
  rescued: z.int().nonnegative(),
});
export type ReplayOutcome = z.infer<typeof outcomeSchema>;

export const replaySchema = z.object({
  registry: z.string(),
  since: z.iso.datetime(),
  until: z.iso.datetime(),
  /** The first event that is recorded; absent where there is none. What was before is not known. */
  recordedSince: z.iso.datetime().optional(),
  /** Pulls and starts in that time: without any, no regret shows that none was to be had. */
  uses: z.int().nonnegative(),
  total: outcomeSchema,
  policies: z.array(outcomeSchema.extend({ policy: z.string() })),
  /** What would have been deleted and was used after that; at most a thousand of them. */
  regretted: z.array(regretSchema),
});
export type Replay = z.infer<typeof replaySchema>;
export type Regret = z.infer<typeof regretSchema>;
