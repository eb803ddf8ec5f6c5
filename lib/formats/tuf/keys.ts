import { constants, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import { decodeBase64 } from '../base64.ts';

/**
 * - `tuf`: The Update Framework 1.0, as Sigstore distributes its roots
 * - `notary`: that of Notary version 1, which Docker Content Trust uses: base64 for hex, certificates for keys
 */
export type TufDialect = 'tuf' | 'notary';

export interface TufKey {
  readonly id: string;
  readonly type: string;
  /** As the metadata has it; equal keys are equal texts, whatever their identifiers. */
  readonly public: string;
}

/** Prefix of SubjectPublicKeyInfo of an Ed25519 key (RFC 8410, section 4). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const ed25519 = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([ED25519_SPKI, raw]), format: 'der', type: 'spki' });

function readTufKey({ type, public: text }: TufKey): KeyObject | undefined {
  if (type === 'ed25519') return /^[0-9a-f]{64}$/.test(text) ? ed25519(Buffer.from(text, 'hex')) : undefined;
  return /^(?:ecdsa(?:-sha2-nistp(?:256|384))?|rsa)$/.test(type) ? createPublicKey(text) : undefined;
}

/** Everything is base64: of the raw key, of SubjectPublicKeyInfo, or of the PEM of a certificate. */
function readNotaryKey({ type, public: text }: TufKey): KeyObject | undefined {
  const bytes = decodeBase64(text);
  if (bytes === undefined) return undefined;
  if (type === 'ed25519') return bytes.length === 32 ? ed25519(bytes) : undefined;
  if (type === 'ecdsa' || type === 'rsa')
    return createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' });
  return /^(?:ecdsa|rsa)-x509$/.test(type) ? new X509Certificate(bytes).publicKey : undefined;
}

const curveHash = (key: KeyObject): string =>
  key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };

/**
 * Whether the key made the signature. Which algorithm is meant follows from the key; a method that the signature names
 * is not believed beyond that.
 */
export function tufKeyVerifies(dialect: TufDialect, key: TufKey, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const object = dialect === 'tuf' ? readTufKey(key) : readNotaryKey(key);
    if (object === undefined) return false;
    switch (object.asymmetricKeyType) {
      case 'ed25519':
        return verify(undefined, message, object, signature);
      case 'ec': {
        const dsaEncoding = dialect === 'tuf' ? 'der' : 'ieee-p1363';
        return verify(curveHash(object), message, { key: object, dsaEncoding }, signature);
      }
      case 'rsa':
        if (verify('sha256', message, { key: object, ...pss }, signature)) return true;
        return dialect === 'notary' && verify('sha256', message, object, signature);
      default:
        return false;
    }
  } catch {
    return false;
  }
}
