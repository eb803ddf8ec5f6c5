import type { ImageLocation } from '../core/image-reference.ts';
import { coseToBeSigned } from '../formats/cose/index.ts';
import { ecdsaToConcatenated } from '../formats/der/ecdsa-signature.ts';
import { preAuthEncoding } from '../formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/index.ts';
import { encodeJwsPart, jwsToBeSigned } from '../formats/jws/index.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import { tokenOf } from '../formats/rfc3161/index.ts';
import { parseCertificate } from '../formats/x509/index.ts';
import { mechanicsOf } from './algorithms.ts';
import { signingError } from './errors.ts';
import { packCosignBundle } from './formats/cosign-bundle.ts';
import { encodeSimpleSigning, packTagAttestation, packTagSignature } from './formats/cosign-tag.ts';
import {
  checkNotationKey,
  ECDSA_WIDTHS,
  encodeNotationPayload,
  NOTATION_PAYLOAD,
  type NotationFormat,
  packNotation,
} from './formats/notation.ts';
import { encodeCoseHeader, encodeNotationCose } from './formats/notation-cose.ts';
import { encodeJwsHeader, encodeNotationJws } from './formats/notation-jws.ts';
import { wholeSeconds } from './formats/place.ts';
import { parseVerificationKey } from './keys.ts';
import { COSIGN_SIGN_PREDICATE, type PublicKey, type RecordedSignature, type SignatureFormat } from './model.ts';
import type { Signer, Timestamper } from './ports.ts';

export interface SigningOptions {
  /** `cosign-bundle` when absent. */
  readonly format?: SignatureFormat | undefined;
  /** For Notary Project's formats: DER, that of the signer's key first, a root last. */
  readonly certificates?: readonly Uint8Array[] | undefined;
  /** Has an authority say when it was signed. */
  readonly timestamper?: Timestamper | undefined;
  /** Notary Project's formats only. */
  readonly expiresAt?: Date | undefined;
}

/**
 * Signs an image in one of the formats that others verify.
 *
 * @param image descriptor of the manifest that is signed, from its own bytes
 * @throws LadingError `signer-unavailable`, `key-unusable`, `signature-faulty`, `timestamp-unavailable`
 */
export async function createSignature(
  signer: Signer,
  subject: ImageLocation,
  image: Descriptor,
  now: Date,
  options: SigningOptions = {},
): Promise<RecordedSignature> {
  const { format = 'cosign-bundle' } = options;
  switch (format) {
    case 'cosign-bundle':
      return createAttestation(
        signer,
        subject,
        image,
        { predicateType: COSIGN_SIGN_PREDICATE, predicate: {} },
        now,
        options,
      );
    case 'cosign-tag': {
      const key = await signer.publicKey();
      const payload = encodeSimpleSigning(subject);
      return packTagSignature({ subject, key, now, payload, signature: await signChecked(signer, key, payload) });
    }
    case 'notation-jws':
    case 'notation-cose':
      return createNotation(signer, subject, image, now, { ...options, format });
  }
}

/**
 * Signs a statement about an image: in-toto's Statement v1 in a DSSE envelope, as `cosign attest` does.
 *
 * @throws LadingError `signer-unavailable`, `key-unusable`, `signature-faulty`, `format-unsuitable`,
 *   `timestamp-unavailable`
 */
export async function createAttestation(
  signer: Signer,
  subject: ImageLocation,
  image: Descriptor,
  statement: { readonly predicateType: string; readonly predicate: unknown },
  now: Date,
  options: Pick<SigningOptions, 'format' | 'timestamper'> = {},
): Promise<RecordedSignature> {
  const { format = 'cosign-bundle', timestamper } = options;
  const { predicateType } = statement;
  if (format !== 'cosign-bundle' && format !== 'cosign-tag') {
    throw signingError('format-unsuitable', `the format ${format} signs images, and no statements about them`);
  }
  const key = await signer.publicKey();
  const payload = encodeStatement({ subject: [{ digest: image.digest }], ...statement });
  const sig = await signChecked(signer, key, preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload));
  const envelope = { payloadType: IN_TOTO_PAYLOAD_TYPE, payload, signatures: [{ sig }] };
  if (format === 'cosign-tag') {
    return { ...packTagAttestation({ subject, key, now, envelope, predicateType }), predicateType };
  }
  const timestamps = timestamper === undefined ? [] : [await timestamper.timestamp(sig, 'sha256')];
  const bundle = { envelope, signer: { hint: key.hint }, timestamps };
  const packed = packCosignBundle({ subject, image, key, now, predicateType, bundle });
  return predicateType === COSIGN_SIGN_PREDICATE ? packed : { ...packed, predicateType };
}

/** A signature that nobody can verify must not be the recorded one: the first record stays for good. */
async function signChecked(signer: Signer, key: PublicKey, message: Uint8Array): Promise<Uint8Array> {
  const signature = await signer.sign(message);
  if (parseVerificationKey(key.spki).verifies(message, signature, key.algorithm)) return signature;
  throw signingError('signature-faulty', `the signature does not verify with its own key ${key.hint}`);
}

async function createNotation(
  signer: Signer,
  subject: ImageLocation,
  image: Descriptor,
  now: Date,
  options: SigningOptions & { readonly format: NotationFormat },
): Promise<RecordedSignature> {
  const { format, certificates: chain = [], timestamper, expiresAt: expiry } = options;
  const key = await signer.publicKey();
  const [leaf] = chain;
  const spki = leaf && parseCertificate(leaf).publicKey.export({ type: 'spki', format: 'der' });
  checkNotationKey(key, leaf, spki);
  const payload = encodeNotationPayload(image);
  const header = { algorithm: key.algorithm, contentType: NOTATION_PAYLOAD, signingTime: wholeSeconds(now), expiry };
  const finish = async (message: Uint8Array): Promise<{ signature: Uint8Array; timestampToken?: Uint8Array }> => {
    const der = await signChecked(signer, key, message);
    const width = ECDSA_WIDTHS.get(key.algorithm);
    const signature = width === undefined ? der : ecdsaToConcatenated(der, width);
    const hash = mechanicsOf(key.algorithm).hash ?? 'sha256';
    if (timestamper === undefined) return { signature };
    return { signature, timestampToken: tokenOf(await timestamper.timestamp(signature, hash)) };
  };
  let envelope: Uint8Array;
  if (format === 'notation-jws') {
    const protectedText = encodeJwsHeader(header);
    const payloadText = encodeJwsPart(payload);
    const made = await finish(jwsToBeSigned(protectedText, payloadText));
    envelope = encodeNotationJws({ protectedText, payloadText, chain, ...made });
  } else {
    const protectedBytes = encodeCoseHeader(header);
    const made = await finish(coseToBeSigned(protectedBytes, payload));
    envelope = encodeNotationCose({ protectedBytes, payload, chain, ...made });
  }
  return packNotation({ subject, image, format, key, now, envelope, chain });
}
