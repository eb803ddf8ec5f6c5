import { z } from 'zod';

/** What the store keeps, as it stands in the journal. Times are milliseconds since 1970, sizes are bytes. */

export const lockMode = z.enum(['COMPLIANCE', 'GOVERNANCE']);
export type LockMode = z.infer<typeof lockMode>;

const retention = z.object({ mode: lockMode, until: z.number() }).readonly();
export type Retention = z.infer<typeof retention>;

const versioningState = z.enum(['Unversioned', 'Enabled', 'Suspended']);

export const defaultRetention = z
  .object({
    mode: lockMode,
    days: z.number().int().positive().optional(),
    years: z.number().int().positive().optional(),
  })
  .readonly();
export type DefaultRetention = z.infer<typeof defaultRetention>;

const bucket = z
  .object({
    name: z.string(),
    region: z.string(),
    created: z.number(),
    versioning: versioningState,
    /** Object Lock cannot be taken off a bucket. */
    lock: z.object({ default: defaultRetention.optional() }).readonly().optional(),
  })
  .readonly();
export type Bucket = z.infer<typeof bucket>;

/** A file of object bytes; versions made by a copy share it. */
const segment = z.object({ id: z.string().regex(/^[0-9a-f-]{36}$/), size: z.number().int().nonnegative() }).readonly();
export type Segment = z.infer<typeof segment>;

const text = z.record(z.string(), z.string()).readonly();

const checksums = z
  .object({
    /** Base64 by algorithm, in lower case as in the header names: `crc32`, `sha256`, … */
    values: text,
    type: z.enum(['FULL_OBJECT', 'COMPOSITE']),
  })
  .readonly();
export type StoredChecksums = z.infer<typeof checksums>;

const tag = z.object({ key: z.string(), value: z.string() }).readonly();
export type Tag = z.infer<typeof tag>;

/** What an upload says of the object, before its bytes are known. */
const description = z
  .object({
    /** System headers that are given back as they came: `content-type`, `cache-control`, … */
    headers: text,
    /** User metadata, names without the `x-amz-meta-` of the header. */
    metadata: z.array(z.tuple([z.string(), z.string()]).readonly()).readonly(),
    tags: z.array(tag).readonly(),
    retention: retention.optional(),
    legalHold: z.boolean().optional(),
  })
  .readonly();
export type Description = z.infer<typeof description>;

const stored = z
  .object({
    kind: z.literal('object'),
    id: z.string(),
    modified: z.number(),
    etag: z.string(),
    size: z.number().int().nonnegative(),
    segments: z.array(segment).readonly(),
    /** Sizes of the parts, where the object was uploaded in parts. */
    parts: z.array(z.number().int()).readonly().optional(),
    /** The multipart upload that it came from, so that a repeated completion gets the same answer. */
    upload: z.string().optional(),
    checksums: checksums.optional(),
    description,
  })
  .readonly();
export type StoredObject = z.infer<typeof stored>;

const marker = z.object({ kind: z.literal('marker'), id: z.string(), modified: z.number() }).readonly();
export type DeleteMarker = z.infer<typeof marker>;

export type Version = StoredObject | DeleteMarker;

const part = z
  .object({
    number: z.number().int().min(1).max(10_000),
    etag: z.string(),
    size: z.number().int().nonnegative(),
    segment,
    checksums: text,
    modified: z.number(),
  })
  .readonly();
export type Part = z.infer<typeof part>;

const upload = z
  .object({
    id: z.string(),
    bucket: z.string(),
    key: z.string(),
    started: z.number(),
    description,
    algorithm: z.string().optional(),
    checksumType: z.enum(['FULL_OBJECT', 'COMPOSITE']).optional(),
  })
  .readonly();
export type Upload = z.infer<typeof upload>;

/** One change of the store. Replayed in order, the records are the store. */
export const record = z.discriminatedUnion('type', [
  z.object({ type: z.literal('bucket'), bucket }),
  z.object({ type: z.literal('bucket-deleted'), name: z.string() }),
  /** A new version on top; version `null` replaces an older `null`. An upload that it completes is gone with it. */
  z.object({
    type: z.literal('put'),
    bucket: z.string(),
    key: z.string(),
    version: z.discriminatedUnion('kind', [stored, marker]),
    completes: z.string().optional(),
  }),
  z.object({ type: z.literal('removed'), bucket: z.string(), key: z.string(), versionId: z.string() }),
  /** The version in its place, described anew: tags, retention and legal hold change without a new version. */
  z.object({
    type: z.literal('described'),
    bucket: z.string(),
    key: z.string(),
    versionId: z.string(),
    description,
  }),
  z.object({ type: z.literal('upload'), upload }),
  z.object({ type: z.literal('part'), uploadId: z.string(), part }),
  z.object({ type: z.literal('upload-aborted'), uploadId: z.string() }),
]);
export type StoreRecord = z.infer<typeof record>;
