import { LadingError } from '../../core/errors.ts';
import {
  childrenOf,
  DER,
  type DerElement,
  expectTag,
  readDer,
  readOid,
  readSmallInteger,
  readTime,
} from '../der/index.ts';
import { HASH_OIDS, type HashName } from './request.ts';

/** A `TimeStampToken` (RFC 3161, section 2.4.2), taken apart. Nothing of it is verified yet. */
export interface TimestampToken {
  readonly hash: HashName;
  readonly imprint: Uint8Array;
  readonly time: Date;
  /** How far off `time` may be. */
  readonly accuracyMs: number;
  /** Octets of the integer, where the request had one. */
  readonly nonce?: Uint8Array;
  /** `TSTInfo` as it was signed. */
  readonly content: Uint8Array;
  /** DER */
  readonly certificates: readonly Uint8Array[];
  readonly signer: {
    readonly digest: HashName;
    /** As a SET, which is how they are signed (RFC 5652, section 5.4). */
    readonly signedAttributes: Uint8Array;
    readonly attributes: ReadonlyMap<string, DerElement>;
    readonly signatureAlgorithm: string;
    readonly signature: Uint8Array;
  };
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const MAX_BYTES = 256 * 1024;

const invalid = (why: string, cause?: unknown): LadingError =>
  new LadingError('timestamp-invalid', `not a timestamp of RFC 3161: ${why}`, { cause });

function guarded<T>(bytes: Uint8Array, read: () => T): T {
  if (bytes.length > MAX_BYTES) throw invalid(`it has ${bytes.length} bytes`);
  try {
    return read();
  } catch (cause) {
    if (cause instanceof LadingError && cause.code === 'timestamp-invalid') throw cause;
    throw invalid(cause instanceof Error ? cause.message : 'unreadable', cause);
  }
}

/**
 * The token in an authority's answer (`TimeStampResp`, section 2.4.2); a token that stands by itself is answered as it
 * is.
 *
 * @throws LadingError `timestamp-invalid`, also where the authority refused
 */
export const tokenOf = (bytes: Uint8Array): Uint8Array =>
  guarded(bytes, () => {
    const [first, token] = childrenOf(readDer(bytes), DER.sequence);
    if (first?.tag === DER.oid) return bytes;
    const [status] = childrenOf(expectTag(first, DER.sequence));
    // 0: granted; 1: granted with modifications.
    if (readSmallInteger(status) > 1) throw invalid('the authority refused');
    return expectTag(token, DER.sequence).raw;
  });

/** @throws LadingError `timestamp-invalid` */
export const parseTimestampToken = (bytes: Uint8Array): TimestampToken =>
  guarded(bytes, () => {
    const [type, content] = childrenOf(readDer(bytes), DER.sequence);
    if (readOid(type) !== SIGNED_DATA) throw invalid('it is no signed data');
    const [signedData] = childrenOf(expectTag(content, 0xa0));
    const parts = childrenOf(expectTag(signedData, DER.sequence));
    const [, , encapsulated] = parts;
    const [contentType, wrapped] = childrenOf(expectTag(encapsulated, DER.sequence));
    if (readOid(contentType) !== TST_INFO) throw invalid('its content is something else');
    const [octets] = childrenOf(expectTag(wrapped, 0xa0));
    const info = expectTag(octets, DER.octetString).content;
    const certificates = parts.find(({ tag }) => tag === 0xa0);
    const signers = childrenOf(expectTag(parts.at(-1), DER.set));
    // RFC 3161, section 2.4.2: the token has no signature but the authority's.
    if (signers.length !== 1) throw invalid(`it has ${signers.length} signatures`);
    return {
      ...readInfo(info),
      content: info,
      certificates: certificates === undefined ? [] : childrenOf(certificates).map(({ raw }) => raw),
      signer: readSigner(expectTag(signers[0], DER.sequence)),
    };
  });

function readHash(element: DerElement | undefined): HashName {
  const [oid] = childrenOf(expectTag(element, DER.sequence));
  const hash = HASH_OIDS.get(readOid(oid));
  if (hash === undefined) throw invalid('its hash is not SHA-256, SHA-384 or SHA-512');
  return hash;
}

function readInfo(bytes: Uint8Array): Pick<TimestampToken, 'hash' | 'imprint' | 'time' | 'accuracyMs' | 'nonce'> {
  const [version, , imprint, , time, ...rest] = childrenOf(readDer(bytes), DER.sequence);
  if (readSmallInteger(version) !== 1) throw invalid('its version is unknown');
  const [algorithm, hashed] = childrenOf(expectTag(imprint, DER.sequence));
  const nonce = rest.find(({ tag }) => tag === DER.integer);
  return {
    hash: readHash(algorithm),
    imprint: expectTag(hashed, DER.octetString).content,
    time: readTime(expectTag(time, DER.generalizedTime)),
    accuracyMs: readAccuracy(rest.find(({ tag }) => tag === DER.sequence)),
    ...(nonce === undefined ? {} : { nonce: nonce.content }),
  };
}

/** `Accuracy`: seconds, milliseconds `[0]`, microseconds `[1]`, each of which may be absent. */
function readAccuracy(element: DerElement | undefined): number {
  if (element === undefined) return 0;
  const number = ({ content }: DerElement): number => content.reduce((sum, octet) => sum * 256 + octet, 0);
  return childrenOf(element).reduce((sum, part) => {
    if (part.tag === DER.integer) return sum + number(part) * 1000;
    return sum + (part.tag === 0x80 ? number(part) : Math.ceil(number(part) / 1000));
  }, 0);
}

function readSigner(signer: DerElement): TimestampToken['signer'] {
  const [, , digest, signedAttributes, signatureAlgorithm, signature] = childrenOf(signer);
  const attributes = new Map<string, DerElement>();
  for (const attribute of childrenOf(expectTag(signedAttributes, 0xa0))) {
    const [type, values] = childrenOf(attribute, DER.sequence);
    const [value, ...more] = childrenOf(expectTag(values, DER.set));
    const oid = readOid(type);
    if (value === undefined || more.length > 0 || attributes.has(oid)) throw invalid('a signed attribute is ambiguous');
    attributes.set(oid, value);
  }
  const asSet = Uint8Array.from(expectTag(signedAttributes, 0xa0).raw);
  asSet[0] = DER.set;
  const [algorithm] = childrenOf(expectTag(signatureAlgorithm, DER.sequence));
  return {
    digest: readHash(digest),
    signedAttributes: asSet,
    attributes,
    signatureAlgorithm: readOid(algorithm),
    signature: expectTag(signature, DER.octetString).content,
  };
}
