import { type Digest, digestAlgorithm, digestHex, digestOf } from '../../core/digest.ts';
import type { ImageLocation } from '../../core/image-reference.ts';
import type { EncodedManifest } from '../../formats/oci/index.ts';
import type { PublicKey, RecordedSignature, SignatureFormat } from '../model.ts';

/** Seconds are what every reader of the annotation knows; the record and the annotation must not differ. */
export const wholeSeconds = (time: Date): Date => new Date(Math.floor(time.getTime() / 1000) * 1000);

/** `2026-01-31T12:00:00Z`, as Go writes it. */
export const rfc3339 = (time: Date): string => time.toISOString().replace('.000Z', 'Z');

/** The tag under which cosign before version 3 keeps signatures or attestations (cosign, specs/SIGNATURE_SPEC.md). */
export const cosignTag = (digest: Digest, suffix: 'sig' | 'att'): string =>
  `${digestAlgorithm(digest)}-${digestHex(digest)}.${suffix}`;

export function toRecord(input: {
  readonly subject: ImageLocation;
  readonly format: SignatureFormat;
  readonly key: PublicKey;
  readonly created: Date;
  readonly bundle: Uint8Array;
  readonly manifest: EncodedManifest;
}): RecordedSignature {
  const { subject, format, key, created, bundle, manifest } = input;
  return {
    subject: { registry: subject.registry, repository: subject.repository, digest: subject.digest },
    format,
    keyId: key.hint,
    algorithm: key.algorithm,
    createdAt: created.toISOString(),
    bundle,
    manifest: manifest.bytes,
    manifestMediaType: manifest.mediaType,
    manifestDigest: manifest.digest,
  };
}

export const descriptorOf = (mediaType: string, bytes: Uint8Array) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});
