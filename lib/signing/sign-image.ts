import type { Clock } from '../core/clock.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, type ImageSubject, imageSigned } from '../events/index.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import type { BlobWriter, ManifestReader, ManifestWriter } from '../registry/index.ts';
import { createSignature, type SigningOptions } from './create-signature.ts';
import { createEnvelopeSignature, type EnvelopeSigner } from './envelope-signature.ts';
import type { RecordedSignature, SignatureFormat } from './model.ts';
import type { SignatureStore, Signer } from './ports.ts';
import { artifactTypeOf, pushRecorded } from './push-recorded.ts';

export interface SignImagePorts {
  readonly signer: Signer;
  readonly store: SignatureStore;
  /** The registry of the image. */
  readonly registry: ManifestReader & BlobWriter & ManifestWriter;
  readonly clock: Clock;
}

export interface SignImageRequest {
  readonly subject: ImageLocation;
  /** What the gate said of exactly this digest. */
  readonly decision: 'allow' | 'deny' | 'quarantine';
  /** Cosign's bundle, with nothing besides, when absent. */
  readonly options?: SigningOptions;
}

export type SignImageOutcome =
  /** `again`: the signature had been recorded before; its very bytes were pushed once more. */
  | { readonly kind: 'signed'; readonly signature: RecordedSignature; readonly again: boolean }
  | { readonly kind: 'not-signed'; readonly reason: 'gate-refused' | 'image-gone' };

/**
 * Signs an image that the gate allowed, once per location, key and format.
 *
 * Signatures are not deterministic, so the bytes are recorded first, under a conditional write, and what is pushed is
 * what is recorded: a retry after a crash, or a second worker, pushes the same manifest under the same digest instead
 * of appending another signature.
 *
 * @throws LadingError `signer-unavailable`, `key-unusable`, `signature-faulty`, and those of the registry
 */
export async function signImage(ports: SignImagePorts, request: SignImageRequest): Promise<SignImageOutcome> {
  const { options = {} } = request;
  if (request.decision !== 'allow') return { kind: 'not-signed', reason: 'gate-refused' };
  const { hint: keyId } = await ports.signer.publicKey();
  return signOnce(ports, request, { keyId, format: options.format }, (image, now) =>
    createSignature(ports.signer, request.subject, image, now, options),
  );
}

/** A service that signs, and what its signatures are recorded under: it has another certificate every few days. */
export interface EnvelopeService {
  readonly id: string;
  readonly signer: EnvelopeSigner;
}

/**
 * Has a service sign an image that the gate allowed, once per location and service; else as `signImage`.
 *
 * @throws LadingError `signer-unavailable`, `signature-faulty`, and those of the registry
 */
export async function signByService(
  ports: Omit<SignImagePorts, 'signer'>,
  request: Omit<SignImageRequest, 'options'>,
  { id: keyId, signer }: EnvelopeService,
): Promise<SignImageOutcome> {
  if (request.decision !== 'allow') return { kind: 'not-signed', reason: 'gate-refused' };
  return signOnce(ports, request, { keyId, format: 'notation-jws' }, async (image, now) => ({
    ...(await createEnvelopeSignature(signer, request.subject, image, now)),
    keyId,
  }));
}

async function signOnce(
  { store, registry, clock }: Omit<SignImagePorts, 'signer'>,
  { subject }: Pick<SignImageRequest, 'subject'>,
  { keyId, format }: { readonly keyId: string; readonly format: SignatureFormat | undefined },
  make: (image: Descriptor, now: Date) => Promise<RecordedSignature>,
): Promise<SignImageOutcome> {
  // Also where the signature is recorded: registries take a referrer of an image that was deleted meanwhile.
  const image = await registry.getManifest({ repository: subject.repository, reference: subject.digest });
  if (image === undefined) return { kind: 'not-signed', reason: 'image-gone' };
  let signature = await store.get(subject, keyId, format);
  const again = signature !== undefined;
  if (signature === undefined) {
    const descriptor = { mediaType: image.mediaType, digest: subject.digest, size: image.bytes.length };
    const made = await make(descriptor, clock.now());
    const recorded = await store.record(made);
    signature = recorded === 'recorded' ? made : recorded;
  }
  await pushRecorded(registry, signature);
  return { kind: 'signed', signature, again };
}

/** The event that tells of a signature. */
export const imageSignedDraft = (subject: ImageSubject, signature: RecordedSignature): EventDraft =>
  draftEvent(imageSigned, {
    subject,
    signature: {
      digest: signature.manifestDigest,
      mediaType: signature.manifestMediaType,
      artifactType: artifactTypeOf(signature),
      algorithm: signature.algorithm,
      keyId: signature.keyId,
    },
  });
