import type { Digest } from '../core/digest.ts';
import { describeError, isLadingError } from '../core/errors.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { type Descriptor, parseManifest } from '../formats/oci/index.ts';
import { MAX_BUNDLE_BYTES, SIGSTORE_BUNDLE_V03 } from '../formats/sigstore-bundle/index.ts';
import { type BlobReader, collectContent, type ManifestReader, type ReferrerReader } from '../registry/index.ts';
import type { VerificationKey } from './keys.ts';
import { type SignatureFault, verifyBundle } from './verify-signature.ts';

/** Referrers that are examined at most; with more, "none of them is good" is no finding. */
const MAX_SIGNATURES = 50;

/** Why one referrer is no signature. `unreadable`: its manifest or bundle is not what its descriptors promise. */
export interface RejectedSignature {
  readonly manifest: Digest;
  readonly fault: SignatureFault | 'unreadable';
  readonly detail: string;
}

export type ImageVerdict =
  | { readonly kind: 'verified'; readonly manifest: Digest; readonly keyId: string }
  | { readonly kind: 'unsigned' }
  /** There are signatures, and none is by these keys for this image. */
  | { readonly kind: 'not-verified'; readonly rejected: readonly RejectedSignature[] }
  /** There are more than could be examined, and none of those examined is good. It is a refusal. */
  | { readonly kind: 'limit-exceeded'; readonly rejected: readonly RejectedSignature[] }
  | { readonly kind: 'image-gone' };

export type SignatureReader = ManifestReader & BlobReader & ReferrerReader;

/**
 * Looks for one good signature of the image among its referrers. Whatever else lies beside it, put there by anyone who
 * can push, neither helps nor harms.
 *
 * @throws LadingError of the registry, where it cannot be asked: no answer is not the answer "unsigned"
 */
export async function verifyImage(
  registry: SignatureReader,
  image: ImageLocation,
  keys: readonly VerificationKey[],
): Promise<ImageVerdict> {
  const { repository } = image;
  const fetched = await registry.getManifest({ repository, reference: image.digest });
  if (fetched === undefined) return { kind: 'image-gone' };
  const list = await registry.listReferrers(
    { repository, digest: fetched.digest },
    { artifactType: SIGSTORE_BUNDLE_V03, limit: MAX_SIGNATURES },
  );
  const candidates = list.descriptors.slice(0, MAX_SIGNATURES);
  const complete = list.complete && candidates.length === list.descriptors.length;
  const rejected: RejectedSignature[] = [];
  for (const { digest: manifest } of candidates) {
    const bundle = await fetchBundle(registry, repository, manifest, fetched.digest);
    if (!('bytes' in bundle)) {
      rejected.push(bundle);
      continue;
    }
    const verdict = verifyBundle(bundle.bytes, keys, fetched.digest);
    if (verdict.kind === 'valid') return { kind: 'verified', manifest, keyId: verdict.keyId };
    rejected.push({ manifest, fault: verdict.fault, detail: verdict.detail });
  }
  if (!complete) return { kind: 'limit-exceeded', rejected };
  return rejected.length === 0 ? { kind: 'unsigned' } : { kind: 'not-verified', rejected };
}

async function fetchBundle(
  registry: SignatureReader,
  repository: string,
  manifest: Digest,
  subject: Digest,
): Promise<{ readonly bytes: Uint8Array } | RejectedSignature> {
  const reject = (fault: RejectedSignature['fault'], detail: string): RejectedSignature => ({
    manifest,
    fault,
    detail,
  });
  try {
    const fetched = await registry.getManifest({ repository, reference: manifest });
    if (fetched === undefined) return reject('unreadable', 'the referrer is not there');
    const parsed = parseManifest(fetched.bytes, fetched.mediaType, { digest: manifest });
    if (parsed.subject?.digest !== subject) return reject('subject-differs', 'its manifest names another subject');
    const layers: readonly Descriptor[] = parsed.kind === 'index' ? [] : parsed.layers;
    const [layer] = layers;
    if (layer === undefined || layers.length > 1 || layer.mediaType !== SIGSTORE_BUNDLE_V03) {
      return reject('unreadable', 'its manifest does not have one bundle as its only layer');
    }
    if (layer.size > MAX_BUNDLE_BYTES) return reject('too-large', `the bundle has ${layer.size} bytes`);
    const { digest, size } = layer;
    return { bytes: await collectContent(registry.openBlob({ repository, digest, size }), MAX_BUNDLE_BYTES) };
  } catch (error) {
    // What the registry holds is at fault, so the next candidate may be good; a registry that cannot answer is not.
    if (isLadingError(error) && FAULTS_OF_CONTENT.has(error.code)) return reject('unreadable', describeError(error));
    throw error;
  }
}

const FAULTS_OF_CONTENT: ReadonlySet<string> = new Set([
  ...['manifest-invalid', 'manifest-schema1', 'manifest-unknown', 'blob-unknown', 'digest-mismatch', 'size-mismatch'],
  ...['limit-exceeded', 'registry-protocol'],
]);
