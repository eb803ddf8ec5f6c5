import { LadingError } from '../../core/errors.ts';
import { type CborKey, type CborValue, encodeCbor, isCborTag } from '../../formats/cbor/index.ts';
import { COSE_HEADER, coseToBeSigned, encodeCoseSign1, parseCoseSign1 } from '../../formats/cose/index.ts';
import type { SignatureAlgorithm } from '../model.ts';
import { ATTRIBUTE, type NotationEnvelope, SIGNING_AGENT } from './notation.ts';
import { readAttributes } from './notation-jws.ts';

/** RFC 9053, section 2.1, and RFC 8230, section 2. */
const ALGORITHMS: ReadonlyMap<CborValue | undefined, SignatureAlgorithm> = new Map<
  CborValue | undefined,
  SignatureAlgorithm
>([
  [-7, 'ecdsa-p256-sha256'],
  [-35, 'ecdsa-p384-sha384'],
  [-36, 'ecdsa-p521-sha512'],
  [-37, 'rsa-pss-sha256'],
  [-38, 'rsa-pss-sha384'],
  [-39, 'rsa-pss-sha512'],
]);

/** Time as seconds since 1970 (RFC 8949, section 3.4.2). */
const TIME_TAG = 1;
const SYSTEM_LABELS: readonly CborKey[] = [COSE_HEADER.alg, COSE_HEADER.crit, COSE_HEADER.contentType];
const MAX_CERTIFICATES = 10;

const invalid = (why: string): LadingError => new LadingError('envelope-invalid', `not a Notary Project COSE: ${why}`);

/** @throws LadingError `envelope-invalid`, `cose-invalid` */
export function parseNotationCose(bytes: Uint8Array): NotationEnvelope {
  const message = parseCoseSign1(bytes);
  const { protectedHeaders: signed, unprotectedHeaders: unsigned } = message;
  const algorithm = ALGORITHMS.get(signed.get(COSE_HEADER.alg));
  if (algorithm === undefined) throw invalid('its algorithm is not allowed');
  const contentType = signed.get(COSE_HEADER.contentType);
  if (typeof contentType !== 'string') throw invalid('its content type is not a text');
  const scheme = signed.get(ATTRIBUTE.scheme);
  if (scheme !== 'notary.x509' && scheme !== 'notary.x509.signingAuthority') throw invalid('its scheme is unknown');
  const token = unsigned.get(ATTRIBUTE.timestamp);
  const critical = signed.get(COSE_HEADER.crit);
  if (!Array.isArray(critical) || critical.length === 0) throw invalid('it marks nothing as critical');
  const marked = (critical as readonly CborValue[]).filter((label) => !SYSTEM_LABELS.includes(label as CborKey));
  if (!marked.every((label) => typeof label === 'string' || typeof label === 'number')) {
    throw invalid('a label that is marked critical is neither text nor number');
  }
  return {
    contentType,
    payload: message.payload,
    toBeSigned: coseToBeSigned(message.protectedBytes, message.payload),
    signature: message.signature,
    algorithm,
    chain: readChain(unsigned.get(COSE_HEADER.x5chain)),
    ...(token instanceof Uint8Array ? { timestampToken: token } : {}),
    ...readAttributes({
      scheme,
      signingTime: readTime(signed.get(ATTRIBUTE.signingTime)),
      authenticSigningTime: readTime(signed.get(ATTRIBUTE.authenticSigningTime)),
      expiry: readTime(signed.get(ATTRIBUTE.expiry)),
      critical: marked.map(String),
      present: new Map([...signed].map(([label, value]) => [String(label), value])),
    }),
  };
}

function readTime(value: CborValue | undefined): Date | undefined {
  if (value === undefined) return undefined;
  if (!isCborTag(value) || value.tag !== TIME_TAG || typeof value.value !== 'number') {
    throw invalid('a time does not have the tag 1');
  }
  const time = new Date(value.value * 1000);
  if (Number.isNaN(time.getTime())) throw invalid('a time is out of range');
  return time;
}

/** RFC 9360 allows a lone certificate as bytes; Notary Project wants an array. */
function readChain(value: CborValue | undefined): readonly Uint8Array[] {
  const list = Array.isArray(value) ? (value as readonly CborValue[]) : [];
  const chain = list.filter((one) => one instanceof Uint8Array);
  if (chain.length === 0 || chain.length !== list.length || chain.length > MAX_CERTIFICATES) {
    throw invalid('its certificates are no array of bytes');
  }
  return chain;
}

export function encodeCoseHeader(input: {
  readonly algorithm: SignatureAlgorithm;
  readonly contentType: string;
  readonly signingTime: Date;
  readonly expiry?: Date | undefined;
}): Uint8Array {
  const { algorithm, contentType, signingTime, expiry } = input;
  const [alg = null] = [...ALGORITHMS].find(([, known]) => known === algorithm) ?? [];
  const seconds = (at: Date): CborValue => ({ tag: TIME_TAG, value: Math.floor(at.getTime() / 1000) });
  const headers = new Map<CborKey, CborValue>([
    [COSE_HEADER.alg, alg],
    [COSE_HEADER.crit, expiry === undefined ? [ATTRIBUTE.scheme] : [ATTRIBUTE.scheme, ATTRIBUTE.expiry]],
    [COSE_HEADER.contentType, contentType],
    [ATTRIBUTE.scheme, 'notary.x509'],
    [ATTRIBUTE.signingTime, seconds(signingTime)],
  ]);
  if (expiry !== undefined) headers.set(ATTRIBUTE.expiry, seconds(expiry));
  return encodeCbor(headers);
}

export function encodeNotationCose(input: {
  readonly protectedBytes: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly timestampToken?: Uint8Array | undefined;
}): Uint8Array {
  const { protectedBytes, payload, signature, chain, timestampToken } = input;
  const unprotectedHeaders = new Map<CborKey, CborValue>([
    [COSE_HEADER.x5chain, chain],
    [ATTRIBUTE.agent, SIGNING_AGENT],
  ]);
  if (timestampToken !== undefined) unprotectedHeaders.set(ATTRIBUTE.timestamp, timestampToken);
  return encodeCoseSign1({ protectedBytes, unprotectedHeaders, payload, signature });
}
