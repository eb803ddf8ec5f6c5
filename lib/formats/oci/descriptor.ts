import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';

/** Objects of `parseJsonStrict` have a null prototype; they pass through unchanged, so that any key is only data. */
const isStringMap = (value: unknown): value is Readonly<Record<string, string>> =>
  value !== null &&
  typeof value === 'object' &&
  !Array.isArray(value) &&
  Object.values(value).every((v) => typeof v === 'string');

export type StringMap = Readonly<Record<string, string>>;

/** Takes `null` (which Go's encoder writes for a nil map or slice) for "absent". */
export const absentIfNull = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => value ?? undefined, schema.optional());

export const stringMapSchema = z.custom<StringMap>(isStringMap, 'not an object of texts');

export const digestSchema = z.custom<Digest>(isDigest, 'not a sha256 or sha512 digest');

/** RFC 6838, section 4.2: type and subtype of at most 127 characters each. */
const mediaTypeSchema = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/, 'not a media type');

const sizeSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const platformSchema = z.object({
  architecture: z.string().max(255),
  os: z.string().max(255),
  'os.version': absentIfNull(z.string().max(255)),
  'os.features': absentIfNull(z.array(z.string().max(255))),
  variant: absentIfNull(z.string().max(255)),
});

/** OCI image specification 1.1, "OCI Content Descriptors". `urls` is kept to be reported, and never fetched. */
export const descriptorSchema = z.object({
  mediaType: mediaTypeSchema,
  digest: digestSchema,
  size: sizeSchema,
  urls: absentIfNull(z.array(z.string())),
  annotations: absentIfNull(stringMapSchema),
  data: absentIfNull(z.string()),
  artifactType: absentIfNull(z.string().max(255)),
  platform: absentIfNull(platformSchema),
});

export type Platform = Readonly<z.infer<typeof platformSchema>>;
export type Descriptor = Readonly<z.infer<typeof descriptorSchema>>;

/** `linux/arm64/v8`, as container tools write it. */
export const formatPlatform = (p: Platform): string => [p.os, p.architecture, p.variant].filter(Boolean).join('/');

/** BuildKit marks manifests that are not for running with this platform. */
export const isUnknownPlatform = (p: Platform | undefined): boolean =>
  p !== undefined && p.os === 'unknown' && p.architecture === 'unknown';
