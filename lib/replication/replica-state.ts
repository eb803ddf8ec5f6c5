import { z } from 'zod';
import { digestSchema } from '../events/index.ts';

const place = z.object({ registry: z.string(), repository: z.string() });

/** What was last found of one repository's copy at one target. */
export const replicaStateSchema = z.object({
  source: place,
  target: place,
  /** The rules that copy it, by name. */
  rules: z.array(z.string()),
  lookedAt: z.iso.datetime(),
  /** Merkle root of what should be there, and of what was found to be. */
  expectedRoot: digestSchema,
  heldRoot: digestSchema,
  tags: z.int().nonnegative(),
  manifests: z.int().nonnegative(),
  /** Manifests and tags that should be there and were not found. */
  missing: z.int().nonnegative(),
  moved: z.int().nonnegative(),
  corrupted: z.int().nonnegative(),
  /** Tags that no rule wants there. */
  extra: z.int().nonnegative(),
  /** For how long the oldest of what is missing has been awaited, in milliseconds; 0 when nothing is. */
  lagMs: z.int().nonnegative(),
  /** When everything that should be there was last found to be, by asking the target; absent: never. */
  provenEqualAt: z.iso.datetime().optional(),
  /** When the last round ended in which every blob and referrer was asked for. */
  scrubbedAt: z.iso.datetime().optional(),
  /** The bucket with which the round goes on. */
  scrubNext: z.int().min(0).max(255),
  /** Of rules with a schedule of their own: the time up to which it was followed. */
  followed: z.record(z.string(), z.iso.datetime()).optional(),
  /** Hashes of the buckets as they were found, for the next comparison. */
  buckets: z.record(z.string().regex(/^\d{1,3}$/), z.string().max(64)),
});
export type ReplicaState = z.infer<typeof replicaStateSchema>;
