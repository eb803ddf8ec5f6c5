import type { z } from 'zod';
import { createDigester, type Digest, digestAlgorithm, digestOf } from '../../core/digest.ts';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import type { StringMap } from './descriptor.ts';
import {
  artifactManifestSchema,
  imageIndexSchema,
  imageManifestSchema,
  MAX_MANIFEST_BYTES,
  type Manifest,
} from './manifest.ts';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  essenceOf,
  isImageConfigType,
  isManifestType,
  isSchema1Type,
  type ManifestMediaType,
  OCI_ARTIFACT_MANIFEST,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
} from './media-types.ts';

/** What the descriptor or reference that led to the manifest said of it. */
export interface ExpectedContent {
  readonly digest?: Digest;
  /** Bytes. */
  readonly size?: number;
  readonly mediaType?: string;
}

interface Fields {
  readonly mediaType?: unknown;
  readonly schemaVersion?: unknown;
}

/**
 * Reads a manifest of a stranger: at most 4 MiB, no key twice, nesting at most 100; the digest and size that were
 * promised; one media type in body, header and descriptor; and never both an image and an index (CVE-2021-41190).
 *
 * @param contentType the `Content-Type` header of the answer, where there was one
 * @throws LadingError `manifest-invalid`, `manifest-schema1` (Docker schema 1), `digest-mismatch`, `size-mismatch`
 * @throws LimitExceededError over 4 MiB
 */
export function parseManifest(bytes: Uint8Array, contentType?: string, expected: ExpectedContent = {}): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new LimitExceededError('manifest-bytes', `the manifest has ${bytes.length} bytes; at most 4 MiB are read`);
  }
  const digest = checkContent(bytes, expected);
  const body = readObject(bytes);
  const mediaType = agreeOnType(body, contentType, expected.mediaType);
  refuseConfusion(body, mediaType);
  return build(mediaType, body, { digest, size: bytes.length });
}

const invalid = (why: string, cause?: unknown): LadingError =>
  new LadingError('manifest-invalid', `the manifest is not acceptable: ${why}`, { cause });

function checkContent(bytes: Uint8Array, expected: ExpectedContent): Digest {
  if (expected.size !== undefined && expected.size !== bytes.length) {
    throw new LadingError('size-mismatch', `the manifest has ${bytes.length} bytes, not the ${expected.size} promised`);
  }
  if (expected.digest === undefined) return digestOf(bytes);
  const digester = createDigester(digestAlgorithm(expected.digest));
  digester.update(bytes);
  const actual = digester.digest();
  if (actual !== expected.digest) {
    throw new LadingError('digest-mismatch', `the manifest has the digest ${actual}, not ${expected.digest}`);
  }
  return actual;
}

function readObject(bytes: Uint8Array): Fields {
  let body: unknown;
  try {
    body = parseJsonStrict(bytes, { maxBytes: MAX_MANIFEST_BYTES, what: 'the manifest' });
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'not JSON', error);
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw invalid('it is not a JSON object');
  return body as Fields;
}

function agreeOnType(body: Fields, header: string | undefined, descriptor: string | undefined): ManifestMediaType {
  const inBody = body.mediaType ?? undefined;
  if (inBody !== undefined && typeof inBody !== 'string') throw invalid('its mediaType is not a text');
  const inHeader = header === undefined ? undefined : essenceOf(header);
  const said = [inBody, inHeader, descriptor].filter((t) => t !== undefined && t !== '') as string[];
  if (body.schemaVersion === 1 || said.some(isSchema1Type)) {
    throw new LadingError(
      'manifest-schema1',
      'this is a Docker schema 1 manifest, a format without verifiable layers',
      {
        hint: 'push the image again with a client that writes OCI or Docker schema 2 manifests',
      },
    );
  }
  const types = new Set(said);
  if (types.size > 1) {
    throw invalid(`body, header and descriptor name different media types (${[...types].join(', ').slice(0, 300)})`);
  }
  const [type = shapeOf(body)] = types;
  if (type === undefined) throw invalid('it names no media type and looks like neither an image nor an index');
  if (!isManifestType(type)) throw invalid(`"${type.slice(0, 120)}" is not the media type of a manifest`);
  if (inBody === undefined && type.startsWith('application/vnd.docker.')) throw invalid(`${type} requires a mediaType`);
  return type;
}

/** OCI manifests may leave out their media type (image specification 1.1, "mediaType": SHOULD be used). */
function shapeOf(body: Fields): ManifestMediaType | undefined {
  if ('manifests' in body) return OCI_IMAGE_INDEX;
  return 'config' in body || 'layers' in body ? OCI_IMAGE_MANIFEST : undefined;
}

const FOREIGN_FIELDS: Readonly<Record<'image' | 'index' | 'artifact', readonly string[]>> = {
  image: ['manifests', 'blobs', 'fsLayers', 'history', 'signatures'],
  index: ['config', 'layers', 'blobs', 'fsLayers', 'history', 'signatures'],
  artifact: ['manifests', 'config', 'layers', 'fsLayers'],
};

function refuseConfusion(body: Fields, type: ManifestMediaType): void {
  const found = FOREIGN_FIELDS[shapeKind(type)].find((field) => field in body);
  if (found !== undefined) {
    throw invalid(`a ${type} must not have "${found}": it could be read as two things (CVE-2021-41190)`);
  }
}

function shapeKind(type: ManifestMediaType): 'image' | 'index' | 'artifact' {
  switch (type) {
    case OCI_IMAGE_MANIFEST:
    case DOCKER_MANIFEST:
      return 'image';
    case OCI_IMAGE_INDEX:
    case DOCKER_MANIFEST_LIST:
      return 'index';
    case OCI_ARTIFACT_MANIFEST:
      return 'artifact';
  }
}

function parsed<T>(schema: z.ZodType<T>, body: Fields): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'invalid'}`, result.error);
}

const NO_ANNOTATIONS: StringMap = Object.freeze(Object.create(null) as Record<string, string>);

function build(
  mediaType: ManifestMediaType,
  body: Fields,
  content: { readonly digest: Digest; readonly size: number },
): Manifest {
  const shape = shapeKind(mediaType);
  if (shape === 'index') {
    const data = parsed(imageIndexSchema, body);
    return { kind: 'index', mediaType, ...content, ...shared(data), manifests: data.manifests };
  }
  if (shape === 'artifact') {
    const data = parsed(artifactManifestSchema, body);
    return { kind: 'artifact', mediaType, ...content, ...shared(data), layers: data.blobs };
  }
  const data = parsed(imageManifestSchema, body);
  // `artifactType` does not count: a runtime ignores it, so it must not make a runnable image look like something else.
  const kind = isImageConfigType(data.config.mediaType) ? 'image' : 'artifact';
  return { kind, mediaType, ...content, ...shared(data), config: data.config, layers: data.layers };
}

function shared(data: {
  readonly artifactType?: string | undefined;
  readonly subject?: Manifest['subject'] | undefined;
  readonly annotations?: StringMap | undefined;
}): { artifactType?: string; subject?: NonNullable<Manifest['subject']>; annotations: StringMap } {
  return {
    ...(data.artifactType === undefined ? {} : { artifactType: data.artifactType }),
    ...(data.subject === undefined ? {} : { subject: data.subject }),
    annotations: data.annotations ?? NO_ANNOTATIONS,
  };
}
