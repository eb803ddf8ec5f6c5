import { createHash } from 'node:crypto';
import type { ImageLocation } from '../core/image-reference.ts';
import { ecdsaToDer } from '../formats/der/ecdsa-signature.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import { parseCertificate } from '../formats/x509/index.ts';
import { verifyWith } from './algorithms.ts';
import { signingError } from './errors.ts';
import { ECDSA_WIDTHS, encodeNotationPayload, NOTATION_PAYLOAD, packNotation } from './formats/notation.ts';
import { parseNotationJws } from './formats/notation-jws.ts';
import { describePublicKey } from './keys.ts';
import type { RecordedSignature } from './model.ts';

/** A service that makes whole Notary Project envelopes, with keys and certificates of its own (AWS Signer). */
export interface EnvelopeSigner {
  /**
   * @param payload of the type `application/vnd.cncf.notary.payload.v1+json`
   * @returns a JWS
   * @throws LadingError `signer-unavailable`
   */
  signEnvelope(payload: Uint8Array): Promise<Uint8Array>;
}

/**
 * Signs an image with such a service. The envelope is checked before it is used: that it is about this image, and that
 * its own certificate made the signature.
 *
 * @throws LadingError `signer-unavailable`, `signature-faulty`, `envelope-invalid`, `certificate-invalid`
 */
export async function createEnvelopeSignature(
  signer: EnvelopeSigner,
  subject: ImageLocation,
  image: Descriptor,
  now: Date,
): Promise<RecordedSignature> {
  const payload = encodeNotationPayload(image);
  const envelope = await signer.signEnvelope(payload);
  const { contentType, payload: signed, chain, algorithm, signature, toBeSigned } = parseNotationJws(envelope);
  const [leaf = new Uint8Array()] = chain;
  const { publicKey } = parseCertificate(leaf);
  const width = ECDSA_WIDTHS.get(algorithm);
  const raw = width === undefined ? signature : (ecdsaToDer(signature, width) ?? new Uint8Array());
  const same = contentType === NOTATION_PAYLOAD && sha256(signed) === sha256(payload);
  if (!same || !verifyWith(publicKey, algorithm, toBeSigned, raw)) {
    throw signingError('signature-faulty', `what the service signed is not about ${image.digest}, or does not verify`);
  }
  const key = describePublicKey(publicKey, algorithm);
  return packNotation({ subject, image, format: 'notation-jws', key, now, envelope, chain });
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
