import { digestOf } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { preAuthEncoding } from '../formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/index.ts';
import { createArtifactManifest, type Descriptor } from '../formats/oci/index.ts';
import { encodeKeyBundle, SIGSTORE_BUNDLE_V03 } from '../formats/sigstore-bundle/index.ts';
import { signingError } from './errors.ts';
import { parseVerificationKey } from './keys.ts';
import { COSIGN_SIGN_PREDICATE, type RecordedSignature } from './model.ts';
import type { Signer } from './ports.ts';

/**
 * Signs an image as cosign does with a key: a DSSE envelope around an in-toto statement, in a Sigstore bundle, in a
 * manifest whose `subject` is the image (cosign, specs/BUNDLE_SPEC.md and SIGNATURE_SPEC.md).
 *
 * @param image descriptor of the manifest that is signed, from its own bytes
 * @throws LadingError `signer-unavailable`, `key-unusable`, `signature-faulty`
 */
export async function createSignature(
  signer: Signer,
  subject: ImageLocation,
  image: Descriptor,
  now: Date,
): Promise<RecordedSignature> {
  const publicKey = await signer.publicKey();
  const payload = encodeStatement({
    subject: [{ digest: subject.digest }],
    predicateType: COSIGN_SIGN_PREDICATE,
    predicate: {},
  });
  const message = preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload);
  const sig = await signer.sign(message);
  // A signature that nobody can verify must not be the recorded one: the first record stays for good.
  if (!parseVerificationKey(publicKey.spki).verifies(message, sig)) {
    throw signingError(
      'signature-faulty',
      `the signature of ${subject.digest} does not verify with key ${publicKey.hint}`,
    );
  }
  const envelope = { payloadType: IN_TOTO_PAYLOAD_TYPE, payload, signatures: [{ sig }] };
  const bundle = encodeKeyBundle({ hint: publicKey.hint, envelope });
  const created = new Date(Math.floor(now.getTime() / 1000) * 1000);
  const manifest = createArtifactManifest({
    artifactType: SIGSTORE_BUNDLE_V03,
    layers: [{ mediaType: SIGSTORE_BUNDLE_V03, digest: digestOf(bundle), size: bundle.length }],
    subject: image,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': COSIGN_SIGN_PREDICATE,
      'org.opencontainers.image.created': created.toISOString().replace('.000Z', 'Z'),
    },
  });
  return {
    subject: { registry: subject.registry, repository: subject.repository, digest: subject.digest },
    format: 'cosign-bundle',
    keyId: publicKey.hint,
    algorithm: publicKey.algorithm,
    createdAt: created.toISOString(),
    bundle,
    manifest: manifest.bytes,
    manifestMediaType: manifest.mediaType,
    manifestDigest: manifest.digest,
  };
}
