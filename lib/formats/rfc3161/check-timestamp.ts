import { createHash, type KeyObject, verify } from 'node:crypto';
import { isLadingError } from '../../core/errors.ts';
import { childrenOf, DER, expectTag, readOid } from '../der/index.ts';
import { type Certificate, checkChain, findChain, parseCertificate } from '../x509/index.ts';
import { HASH_OIDS, type HashName } from './request.ts';
import { parseTimestampToken, type TimestampToken, tokenOf } from './token.ts';

export type TimestampVerdict =
  | {
      readonly kind: 'valid';
      readonly time: Date;
      readonly accuracyMs: number;
      /** DER of the authority's certificate. */
      readonly authority: Uint8Array;
    }
  | { readonly kind: 'invalid'; readonly detail: string };

const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';

const invalid = (detail: string): TimestampVerdict => ({ kind: 'invalid', detail });

/**
 * Whether an authority that is trusted says that the data existed at a time (RFC 3161, section 2.2 and 2.3; RFC 5652,
 * section 5.6; RFC 5816).
 *
 * @param bytes the authority's answer, or the token in it
 * @param anchors certificates that are trusted; intermediate ones may be among `helpers` or in the token
 */
export function checkTimestamp(
  bytes: Uint8Array,
  data: Uint8Array,
  anchors: readonly Certificate[],
  helpers: readonly Certificate[] = [],
): TimestampVerdict {
  try {
    return check(parseTimestampToken(tokenOf(bytes)), data, anchors, helpers);
  } catch (error) {
    if (isLadingError(error)) return invalid(error.message);
    throw error;
  }
}

function check(
  token: TimestampToken,
  data: Uint8Array,
  anchors: readonly Certificate[],
  helpers: readonly Certificate[],
): TimestampVerdict {
  const { time, signer } = token;
  if (Buffer.compare(createHash(token.hash).update(data).digest(), token.imprint) !== 0) {
    return invalid('it is about something else');
  }
  const type = signer.attributes.get(CONTENT_TYPE);
  const digest = signer.attributes.get(MESSAGE_DIGEST);
  if (type === undefined || readOid(type) !== TST_INFO) return invalid('its signed content type is another');
  const hashed = createHash(signer.digest).update(token.content).digest();
  if (digest === undefined || Buffer.compare(hashed, expectTag(digest, DER.octetString).content) !== 0) {
    return invalid('its signed digest is that of something else');
  }
  const certificates = [...token.certificates.map(parseCertificate), ...helpers, ...anchors];
  const authority = certificates.find((one) => verifies(one.publicKey, signer));
  if (authority === undefined) return invalid('none of its certificates made its signature');
  if (!isNamed(signer, authority)) return invalid('it names another certificate as its signer');
  const chain = findChain(authority, certificates, anchors);
  if (chain === undefined) return invalid('its authority is not one of those that are trusted');
  // RFC 3161, section 2.3: this purpose, marked critical, and no other.
  const usage = authority.extendedKeyUsage;
  if (usage === undefined || !usage.critical || usage.purposes.some((oid) => oid !== TIME_STAMPING)) {
    return invalid('its certificate is not for timestamps alone');
  }
  const fault = checkChain(chain, { at: time, anchored: true, purposes: { allowed: [TIME_STAMPING], required: true } });
  if (fault !== undefined) return invalid(fault.detail);
  return { kind: 'valid', time, accuracyMs: token.accuracyMs, authority: authority.der };
}

/** RFC 5754, section 3: the signature's own identifier, or that of the key together with the digest's. */
const SIGNATURE_HASHES: ReadonlyMap<string, HashName> = new Map<string, HashName>([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
]);
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const ED25519 = '1.3.101.112';

function verifies(
  key: KeyObject,
  { signatureAlgorithm, digest, signedAttributes, signature }: TimestampToken['signer'],
) {
  const own = SIGNATURE_HASHES.get(signatureAlgorithm);
  const hash = own ?? (signatureAlgorithm === RSA_ENCRYPTION ? digest : undefined);
  if (hash === undefined && signatureAlgorithm !== ED25519) return false;
  try {
    return verify(hash, signedAttributes, key, signature);
  } catch {
    return false;
  }
}

/** RFC 5816: the token says which certificate made it, so that another one with the same key cannot stand in for it. */
function isNamed({ attributes }: TimestampToken['signer'], authority: Certificate): boolean {
  const attribute = attributes.get(SIGNING_CERTIFICATE_V2);
  if (attribute === undefined) return true;
  const [ids] = childrenOf(attribute, DER.sequence);
  const [first] = childrenOf(expectTag(ids, DER.sequence));
  const fields = childrenOf(expectTag(first, DER.sequence));
  const algorithm = fields[0]?.tag === DER.sequence ? childrenOf(fields[0])[0] : undefined;
  const hash = algorithm === undefined ? 'sha256' : HASH_OIDS.get(readOid(algorithm));
  const given = fields.find(({ tag }) => tag === DER.octetString);
  if (hash === undefined || given === undefined) return false;
  return Buffer.compare(createHash(hash).update(authority.der).digest(), given.content) === 0;
}
