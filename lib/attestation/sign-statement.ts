import { digestOf } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { preAuthEncoding } from '../formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/index.ts';
import { createArtifactManifest, type Descriptor } from '../formats/oci/index.ts';
import { encodeKeyBundle, SIGSTORE_BUNDLE_V03 } from '../formats/sigstore-bundle/index.ts';
import { parseVerificationKey, type Signer } from '../signing/index.ts';
import { attestationError } from './errors.ts';
import type { SignedStatement, StatementDraft } from './model.ts';

/**
 * Signs a statement about an image as `cosign attest` does with a key: an in-toto statement v1 in a DSSE envelope in a
 * Sigstore bundle, in a manifest whose `subject` is the image (cosign, specs/BUNDLE_SPEC.md).
 *
 * @param image descriptor of the manifest that it is about, from its own bytes
 * @throws LadingError `signer-unavailable`, `key-unusable`, `statement-faulty`
 */
export async function signStatement(
  signer: Signer,
  subject: ImageLocation,
  image: Descriptor,
  draft: StatementDraft,
  now: Date,
): Promise<SignedStatement> {
  const { predicateType, version, predicate } = draft;
  const key = await signer.publicKey();
  const payload = encodeStatement({ subject: [{ digest: image.digest }], predicateType, predicate });
  const message = preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload);
  const sig = await signer.sign(message);
  // The first record stays for good, so it must be one that can be verified.
  if (!parseVerificationKey(key.spki).verifies(message, sig)) {
    throw attestationError(
      'statement-faulty',
      `a ${predicateType} of ${image.digest} does not verify with ${key.hint}`,
    );
  }
  const envelope = { payloadType: IN_TOTO_PAYLOAD_TYPE, payload, signatures: [{ sig }] };
  const bundle = encodeKeyBundle({ hint: key.hint, envelope });
  const created = new Date(Math.floor(now.getTime() / 1000) * 1000).toISOString();
  const manifest = createArtifactManifest({
    artifactType: SIGSTORE_BUNDLE_V03,
    layers: [{ mediaType: SIGSTORE_BUNDLE_V03, digest: digestOf(bundle), size: bundle.length }],
    subject: image,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
      'org.opencontainers.image.created': created.replace('.000Z', 'Z'),
    },
  });
  return {
    subject: { registry: subject.registry, repository: subject.repository, digest: subject.digest },
    predicateType,
    version,
    keyId: key.hint,
    algorithm: key.algorithm,
    createdAt: created,
    bundle,
    manifest: manifest.bytes,
    manifestMediaType: manifest.mediaType,
    manifestDigest: manifest.digest,
  };
}
