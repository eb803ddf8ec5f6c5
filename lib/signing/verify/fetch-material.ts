import { mapLimit } from '../../core/concurrency.ts';
import type { Digest } from '../../core/digest.ts';
import { describeError, isLadingError } from '../../core/errors.ts';
import type { ImageLocation } from '../../core/image-reference.ts';
import { type Descriptor, parseManifest } from '../../formats/oci/index.ts';
import { MAX_BUNDLE_BYTES, SIGSTORE_BUNDLE_V03 } from '../../formats/sigstore-bundle/index.ts';
import {
  type BlobReader,
  collectContent,
  type FetchedManifest,
  type ManifestReader,
  type ReferrerReader,
} from '../../registry/index.ts';
import { DSSE_LAYER, SIMPLE_SIGNING } from '../formats/cosign-tag.ts';
import { NOTATION_ARTIFACT, NOTATION_MEDIA_TYPES } from '../formats/notation.ts';
import { cosignTag } from '../formats/place.ts';
import { type SignatureFormat, signatureFormats } from '../model.ts';
import type { FetchedArtifact, FetchedMaterial, Rejection } from './model.ts';

/** Of each kind: with more, "none of them is good" is no finding. */
const MAX_ARTIFACTS = 50;
const PARALLEL = 4;

export type SignatureReader = ManifestReader & BlobReader & ReferrerReader;

/**
 * Fetches and hashes what lies beside an image and may be a proof about it: referrers, and cosign's older tags.
 *
 * @param formats which to look for; all when absent
 * @returns undefined where the registry does not hold the image
 * @throws LadingError of the registry, where it cannot be asked: no answer is not the answer "unsigned"
 */
export async function fetchMaterial(
  registry: SignatureReader,
  at: ImageLocation,
  formats: readonly SignatureFormat[] = signatureFormats,
): Promise<FetchedMaterial | undefined> {
  const { repository } = at;
  const fetched = await registry.getManifest({ repository, reference: at.digest });
  if (fetched === undefined) return undefined;
  const { digest, mediaType } = fetched;
  const image = { registry: at.registry, repository, digest, mediaType, size: fetched.bytes.length };
  const wanted = new Set(formats);
  const sources: Promise<Found>[] = [];
  if (wanted.has('cosign-bundle')) sources.push(fromReferrers(registry, repository, digest, SIGSTORE_BUNDLE_V03));
  if (wanted.has('notation-jws') || wanted.has('notation-cose')) {
    sources.push(fromReferrers(registry, repository, digest, NOTATION_ARTIFACT));
  }
  if (wanted.has('cosign-tag')) {
    sources.push(fromTag(registry, repository, digest, 'sig'), fromTag(registry, repository, digest, 'att'));
  }
  const found = await Promise.all(sources);
  const outcomes = found.flatMap((one) => one.outcomes);
  return {
    image,
    artifacts: outcomes.filter((one) => 'content' in one).filter(({ format }) => wanted.has(format)),
    unreadable: outcomes.filter((one) => 'reason' in one),
    complete: found.every(({ complete }) => complete),
  };
}

interface Found {
  readonly outcomes: readonly (FetchedArtifact | Rejection)[];
  readonly complete: boolean;
}

async function fromReferrers(
  registry: SignatureReader,
  repository: string,
  subject: Digest,
  artifactType: string,
): Promise<Found> {
  const list = await registry.listReferrers({ repository, digest: subject }, { artifactType, limit: MAX_ARTIFACTS });
  const candidates = list.descriptors.slice(0, MAX_ARTIFACTS);
  return {
    outcomes: await mapLimit(candidates, PARALLEL, ({ digest }) =>
      guarded(digest, async () => {
        const fetched = await registry.getManifest({ repository, reference: digest });
        if (fetched === undefined) return rejected(digest, 'the referrer is not there');
        return readReferrer(registry, repository, fetched, subject);
      }),
    ),
    complete: list.complete && candidates.length === list.descriptors.length,
  };
}

async function readReferrer(
  registry: SignatureReader,
  repository: string,
  fetched: FetchedManifest,
  subject: Digest,
): Promise<FetchedArtifact | Rejection> {
  const parsed = parseManifest(fetched.bytes, fetched.mediaType, { digest: fetched.digest });
  if (parsed.subject?.digest !== subject) {
    return { manifest: fetched.digest, reason: 'subject-differs', detail: 'its manifest names another subject' };
  }
  const [layer, ...more] = parsed.kind === 'index' ? [] : parsed.layers;
  const format = layer && FORMATS.get(layer.mediaType);
  if (layer === undefined || format === undefined || more.length > 0) {
    return rejected(fetched.digest, 'its manifest does not have one bundle or envelope as its only layer');
  }
  const annotations = new Map(Object.entries(parsed.annotations));
  return readLayer(registry, repository, fetched.digest, layer, { format, annotations });
}

const FORMATS: ReadonlyMap<string, SignatureFormat> = new Map<string, SignatureFormat>([
  [SIGSTORE_BUNDLE_V03, 'cosign-bundle'],
  [NOTATION_MEDIA_TYPES['notation-jws'], 'notation-jws'],
  [NOTATION_MEDIA_TYPES['notation-cose'], 'notation-cose'],
]);

async function fromTag(
  registry: SignatureReader,
  repository: string,
  subject: Digest,
  suffix: 'sig' | 'att',
): Promise<Found> {
  const fetched = await registry.getManifest({ repository, reference: cosignTag(subject, suffix) });
  if (fetched === undefined) return { outcomes: [], complete: true };
  const layers = await guarded(fetched.digest, async () => {
    const parsed = parseManifest(fetched.bytes, fetched.mediaType, { digest: fetched.digest });
    return { all: parsed.kind === 'index' ? [] : parsed.layers };
  });
  if ('reason' in layers) return { outcomes: [layers], complete: true };
  const purpose = suffix === 'sig' ? 'signature' : 'attestation';
  const mediaType = suffix === 'sig' ? SIMPLE_SIGNING : DSSE_LAYER;
  const candidates = layers.all.slice(0, MAX_ARTIFACTS);
  return {
    outcomes: await mapLimit(candidates, PARALLEL, (layer) =>
      guarded(fetched.digest, async () => {
        if (layer.mediaType !== mediaType) {
          return rejected(fetched.digest, `a layer under the tag .${suffix} is ${layer.mediaType}`);
        }
        const annotations = new Map(Object.entries(layer.annotations ?? {}));
        return readLayer(registry, repository, fetched.digest, layer, { format: 'cosign-tag', purpose, annotations });
      }),
    ),
    complete: candidates.length === layers.all.length,
  };
}

async function readLayer(
  registry: SignatureReader,
  repository: string,
  manifest: Digest,
  { digest, size }: Descriptor,
  about: Pick<FetchedArtifact, 'format' | 'purpose' | 'annotations'>,
): Promise<FetchedArtifact | Rejection> {
  if (size > MAX_BUNDLE_BYTES) {
    return { manifest, format: about.format, reason: 'too-large', detail: `it has ${size} bytes` };
  }
  const content = await collectContent(registry.openBlob({ repository, digest, size }), MAX_BUNDLE_BYTES);
  return { manifest, content, ...about };
}

const rejected = (manifest: Digest, detail: string): Rejection => ({ manifest, reason: 'unreadable', detail });

/** What the registry holds is at fault, so the next candidate may be good; a registry that cannot answer is not. */
async function guarded<T>(manifest: Digest, work: () => Promise<T>): Promise<T | Rejection> {
  try {
    return await work();
  } catch (error) {
    if (isLadingError(error) && FAULTS_OF_CONTENT.has(error.code)) return rejected(manifest, describeError(error));
    throw error;
  }
}

const FAULTS_OF_CONTENT: ReadonlySet<string> = new Set([
  ...['manifest-invalid', 'manifest-schema1', 'manifest-unknown', 'blob-unknown', 'digest-mismatch', 'size-mismatch'],
  ...['limit-exceeded', 'registry-protocol'],
]);
