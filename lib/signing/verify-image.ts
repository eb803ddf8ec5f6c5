import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { VerificationKey } from './keys.ts';
import { fetchMaterial, type SignatureReader } from './verify/fetch-material.ts';
import { type SignatureFault, verifyBundle } from './verify-signature.ts';

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

/**
 * Looks for one good signature of ours among the image's referrers: `verify` with a policy of one key, in fewer words.
 * Whatever else lies beside it, put there by anyone who can push, neither helps nor harms.
 *
 * @throws LadingError of the registry, where it cannot be asked: no answer is not the answer "unsigned"
 */
export async function verifyImage(
  registry: SignatureReader,
  at: ImageLocation,
  keys: readonly VerificationKey[],
): Promise<ImageVerdict> {
  const material = await fetchMaterial(registry, at, ['cosign-bundle']);
  if (material === undefined) return { kind: 'image-gone' };
  const { image, artifacts, unreadable, complete } = material;
  const rejected: RejectedSignature[] = unreadable.map(({ manifest, reason, detail }) => ({
    manifest,
    fault: reason === 'subject-differs' || reason === 'too-large' ? reason : 'unreadable',
    detail,
  }));
  for (const { manifest, content } of artifacts) {
    const verdict = verifyBundle(content, keys, image.digest);
    if (verdict.kind === 'valid') return { kind: 'verified', manifest, keyId: verdict.keyId };
    rejected.push({ manifest, fault: verdict.fault, detail: verdict.detail });
  }
  if (!complete) return { kind: 'limit-exceeded', rejected };
  return rejected.length === 0 ? { kind: 'unsigned' } : { kind: 'not-verified', rejected };
}
