import { generateKeyPairSync } from 'node:crypto';
import type { ImageLocation } from '../core/image-reference.ts';
import { canonicalJson } from '../core/json.ts';
import { encodeDsseEnvelope, preAuthEncoding } from '../formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../formats/intoto/index.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import { signWith } from './algorithms.ts';
import { packCosignBundle } from './formats/cosign-bundle.ts';
import { describePublicKey } from './keys.ts';
import { COSIGN_SIGN_PREDICATE, type RecordedSignature } from './model.ts';
import type { Timestamper } from './ports.ts';

/** Vouches for an identity with a certificate that is good for minutes (Fulcio). */
export interface CertificateAuthority {
  /**
   * @param prove signs the challenge, by which the authority sees that the key is the asker's
   * @returns DER, that of the key first
   * @throws LadingError `identity-unavailable`
   */
  issue(publicKeyPem: string, prove: (challenge: Uint8Array) => Uint8Array): Promise<readonly Uint8Array[]>;
}

/** Writes signatures down for everybody to see (Rekor). */
export interface TransparencyLog {
  /**
   * @param envelope DSSE, as JSON
   * @param certificate DER
   * @returns the entry as the bundle has it (sigstore_rekor.proto, `TransparencyLogEntry`, as JSON)
   * @throws LadingError `identity-unavailable`
   */
  record(envelope: string, certificate: Uint8Array): Promise<unknown>;
}

export interface KeylessPorts {
  readonly authority: CertificateAuthority;
  readonly log: TransparencyLog;
  readonly timestamper?: Timestamper | undefined;
}

/**
 * Signs a statement about an image with a key that is made for it and thrown away: who signed says a certificate, when
 * says the log (Sigstore client specification, "Signing"). Each call is another signature, and is written to the log.
 *
 * @throws LadingError `identity-unavailable`, `timestamp-unavailable`
 */
export async function createKeylessAttestation(
  ports: KeylessPorts,
  subject: ImageLocation,
  image: Descriptor,
  statement: { readonly predicateType: string; readonly predicate: unknown },
  now: Date,
): Promise<RecordedSignature> {
  const { authority, log, timestamper } = ports;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = describePublicKey(publicKey);
  const prove = (challenge: Uint8Array): Uint8Array => signWith(privateKey, key.algorithm, challenge);
  const [certificate = new Uint8Array()] = await authority.issue(key.pem, prove);
  const payload = encodeStatement({ subject: [{ digest: image.digest }], ...statement });
  const sig = signWith(privateKey, key.algorithm, preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload));
  const envelope = { payloadType: IN_TOTO_PAYLOAD_TYPE, payload, signatures: [{ sig }] };
  const [entry, timestamps] = await Promise.all([
    log.record(canonicalJson(encodeDsseEnvelope(envelope)), certificate),
    timestamper === undefined ? [] : timestamper.timestamp(sig, 'sha256').then((answer) => [answer]),
  ]);
  const bundle = { envelope, signer: { certificate }, logEntries: [entry], timestamps };
  const { predicateType } = statement;
  const packed = packCosignBundle({ subject, image, key, now, predicateType, bundle });
  return predicateType === COSIGN_SIGN_PREDICATE ? packed : { ...packed, predicateType };
}
