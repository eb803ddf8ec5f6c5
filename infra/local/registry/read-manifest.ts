import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Digest, digestAlgorithm, isDigest } from '../../../lib/core/digest.ts';
import { describeError } from '../../../lib/core/errors.ts';
import { parseJsonStrict } from '../../../lib/core/json.ts';
import { bareMediaType, isNonDistributable, isSchema1, type ManifestKind, manifestKind } from './media-types.ts';
import type { BlobReference, ManifestSummary } from './model.ts';

/** distribution-spec 1.1, "Pushing Manifests": registries should take at least 4 megabytes. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 100;

export type ManifestReading =
  | { readonly kind: 'manifest'; readonly summary: ManifestSummary }
  | { readonly kind: 'refused'; readonly reason: string };

const digest = z.custom<Digest>(isDigest, 'is not a sha256 or sha512 digest');
// RFC 6838, section 4.2, as image-spec descriptors ask for.
const mediaType = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/, 'is not a media type');
const descriptor = z.looseObject({
  mediaType,
  digest,
  size: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  data: z.base64().optional(),
  artifactType: z.string().max(255).optional(),
  urls: z.array(z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
type Descriptor = z.infer<typeof descriptor>;

const shared = {
  mediaType: mediaType.optional(),
  artifactType: z.union([mediaType, z.literal('')]).optional(),
  subject: descriptor.nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
};
const image = z.looseObject({
  ...shared,
  schemaVersion: z.literal(2),
  config: descriptor,
  layers: z.array(descriptor),
});
const index = z.looseObject({ ...shared, schemaVersion: z.literal(2), manifests: z.array(descriptor) });
const artifact = z.looseObject({ ...shared, blobs: z.array(descriptor).nullish() });

/** Keys that a kind must not have: each belongs to another kind (CVE-2021-41190; `fsLayers` is Docker's schema 1). */
const FOREIGN_KEYS: Readonly<Record<ManifestKind, readonly string[]>> = {
  image: ['manifests', 'blobs', 'fsLayers', 'history'],
  index: ['config', 'layers', 'blobs', 'fsLayers', 'history'],
  artifact: ['config', 'layers', 'manifests', 'fsLayers', 'history'],
};
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  ...['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'manifests', 'blobs', 'subject', 'annotations'],
  ...['digest', 'size', 'data', 'urls', 'platform', 'fsLayers', 'history'],
]);
const FOLDED: ReadonlyMap<string, string> = new Map([...KNOWN_KEYS].map((key) => [key.toLowerCase(), key]));

/**
 * Reads a pushed manifest by the rules of image-spec 1.1 and of this project's security rules. `contentType` is the
 * header the client sent; where the body has a `mediaType`, both must agree (distribution-spec 1.1, "Pushing
 * Manifests").
 */
export function readManifest(bytes: Uint8Array, contentType: string | undefined): ManifestReading {
  let document: unknown;
  try {
    document = parseJsonStrict(bytes, { maxDepth: MAX_DEPTH, maxBytes: MAX_MANIFEST_BYTES, what: 'the manifest' });
  } catch (error) {
    return refused(describeError(error));
  }
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    return refused('the manifest is not a JSON object');
  }
  const type = agreeOnType(new Map(Object.entries(document)), bareMediaType(contentType));
  if (typeof type !== 'string') return type;
  const kind = manifestKind(type);
  if (kind === undefined) {
    return refused(`manifests of type "${type}" are not supported; OCI 1.1 and Docker schema 2 types are`);
  }
  const confusion = findConfusion(document, kind);
  if (confusion !== undefined) return refused(confusion);
  return read(document, kind, type, bytes.length);
}

const refused = (reason: string): ManifestReading => ({ kind: 'refused', reason });

const SCHEMA1_REASON =
  'Docker manifest schema 1 is not supported: it has no content digests for its configuration and was withdrawn; ' +
  'push the image again with a current client, which writes schema 2 or OCI';

function agreeOnType(document: ReadonlyMap<string, unknown>, header: string | undefined): string | ManifestReading {
  const own = document.get('mediaType');
  if (isSchema1(header ?? '') || isSchema1(String(own)) || document.get('schemaVersion') === 1) {
    return refused(SCHEMA1_REASON);
  }
  if (own !== undefined && typeof own !== 'string') return refused('mediaType is not a string');
  if (header === undefined || header === 'application/json') {
    return (
      own ?? refused('neither the Content-Type header nor mediaType in the body says what kind of manifest this is')
    );
  }
  if (own !== undefined && own !== header) {
    return refused(`mediaType in the body is "${own.slice(0, 200)}", but the Content-Type header is "${header}"`);
  }
  return header;
}

/**
 * Readers that match keys without regard to case (Go's encoding/json, most registry clients) would read `Layers` as
 * `layers`; a manifest that means different things to different readers is refused.
 */
function findConfusion(document: object, kind: ManifestKind): string | undefined {
  for (const key of Object.keys(document)) {
    if (FOREIGN_KEYS[kind].includes(key)) return `an ${kind} manifest must not have "${key}"`;
    const known = lookAlike(key);
    if (known !== undefined) return `the key ${JSON.stringify(key)} can be mistaken for "${known}"`;
  }
  return undefined;
}

// Upper then lower case folds U+017F to "s" and U+212A to "k", as Go does.
function lookAlike(key: string): string | undefined {
  if (key.length > 20 || KNOWN_KEYS.has(key)) return undefined;
  return FOLDED.get(key.toUpperCase().toLowerCase());
}

function read(document: object, kind: ManifestKind, type: string, size: number): ManifestReading {
  const parsed = parseKind(document, kind);
  if (typeof parsed === 'string') return refused(parsed);
  for (const each of [...parsed.blobs, ...parsed.children, ...(parsed.subject ? [parsed.subject] : [])]) {
    const problem = checkDescriptor(each);
    if (problem !== undefined) return refused(problem);
  }
  return {
    kind: 'manifest',
    summary: {
      mediaType: type,
      size,
      ...(parsed.artifactType ? { artifactType: parsed.artifactType } : {}),
      ...(parsed.configMediaType === undefined ? {} : { configMediaType: parsed.configMediaType }),
      ...(parsed.subject ? { subject: parsed.subject.digest } : {}),
      blobs: unique(parsed.blobs),
      children: unique(parsed.children),
    },
  };
}

interface Parsed {
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | null | undefined;
  readonly configMediaType?: string;
  readonly blobs: readonly Descriptor[];
  readonly children: readonly Descriptor[];
}

function parseKind(document: object, kind: ManifestKind): Parsed | string {
  switch (kind) {
    case 'image': {
      const { success, data, error } = image.safeParse(document);
      if (!success) return explain(error);
      const { artifactType, subject, config, layers } = data;
      return { artifactType, subject, configMediaType: config.mediaType, blobs: [config, ...layers], children: [] };
    }
    case 'index': {
      const { success, data, error } = index.safeParse(document);
      if (!success) return explain(error);
      // BuildKit's cache is an index whose "manifests" are layers: what is no manifest type must exist as a blob.
      const children = data.manifests.filter((each) => manifestKind(each.mediaType) !== undefined);
      const blobs = data.manifests.filter((each) => manifestKind(each.mediaType) === undefined);
      return { artifactType: data.artifactType, subject: data.subject, blobs, children };
    }
    case 'artifact': {
      const { success, data, error } = artifact.safeParse(document);
      if (!success) return explain(error);
      return { artifactType: data.artifactType, subject: data.subject, blobs: data.blobs ?? [], children: [] };
    }
  }
}

function explain(error: z.ZodError): string {
  const first = error.issues[0];
  const path = first?.path.map(String).join('.').slice(0, 120) || 'the manifest';
  return `${path}: ${first?.message ?? 'is not valid'}`;
}

function checkDescriptor(each: Descriptor): string | undefined {
  for (const key of Object.keys(each)) {
    const known = lookAlike(key);
    if (known !== undefined) return `the key ${JSON.stringify(key)} of a descriptor can be mistaken for "${known}"`;
  }
  if (each.data === undefined) return undefined;
  const data = Buffer.from(each.data, 'base64');
  const algorithm = digestAlgorithm(each.digest);
  const actual = `${algorithm}:${createHash(algorithm).update(data).digest('hex')}`;
  return data.length === each.size && actual === each.digest
    ? undefined
    : `data of the descriptor ${each.digest} is not the content that it describes`;
}

function unique(descriptors: readonly Descriptor[]): BlobReference[] {
  const byDigest = new Map<Digest, BlobReference>();
  for (const { digest, size, mediaType } of descriptors) {
    const optional = isNonDistributable(mediaType);
    const known = byDigest.get(digest);
    if (known && (optional || known.optional !== true)) continue;
    byDigest.set(digest, { digest, size, ...(optional ? { optional: true as const } : {}) });
  }
  return [...byDigest.values()];
}
