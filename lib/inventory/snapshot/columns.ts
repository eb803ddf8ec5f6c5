import { z } from 'zod';
import { digestSchema } from '../../events/index.ts';

/*
 * A snapshot is a line of JSON (what it is of, texts, names of tags, how long each column is), filled up to a multiple of
 * eight bytes, and behind it the columns: first those of 8 bytes an item, then those of 4, then the digests with 32 each.
 * Numbers of digests are places in that list. Written and read on machines whose low byte comes first, as all are here.
 */

/** Of the format: what has another one is not read. */
export const SNAPSHOT_VERSION = 1;

export const doubles = [
  ...(['sizeBytes', 'createdAt', 'pushedAt', 'firstSeenAt', 'configSize', 'layerSize', 'tagBoundAt'] as const),
] as const;

/** Columns of plain numbers: of texts, or of places in other columns. */
export const plain = [
  ...(['mediaType', 'artifactClass', 'platform', 'layerStart', 'childStart'] as const),
  ...(['childPlatform', 'labelStart', 'label'] as const),
] as const;

/** Columns of numbers of digests. */
export const numbered = [
  ...(['manifest', 'subject', 'config', 'layer', 'child', 'tagDigest', 'tagSubject'] as const),
] as const;

export const DIGEST_WORDS = 8;

const column = z.enum([...doubles, ...plain, ...numbered]);
export type Column = z.infer<typeof column>;

export const snapshotHeader = z.object({
  version: z.literal(SNAPSHOT_VERSION),
  registry: z.string(),
  repository: z.string(),
  /** What was changed later may or may not be in it. */
  begunAt: z.iso.datetime(),
  texts: z.array(z.string()),
  tags: z.array(z.string()),
  lengths: z.record(column, z.int().nonnegative()),
  digests: z.int().nonnegative(),
  /** Those that are not of SHA-256, by their place. */
  others: z.array(z.tuple([z.int().nonnegative(), digestSchema])),
});
export type SnapshotHeader = z.infer<typeof snapshotHeader>;
