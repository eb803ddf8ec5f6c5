import { LadingError } from '../../core/errors.ts';
import { type CborKey, type CborValue, decodeCbor, encodeCbor, isCborMap, isCborTag } from '../cbor/index.ts';

/** Labels of common headers (RFC 9052, section 3.1; RFC 9360, section 2). */
export const COSE_HEADER = { alg: 1, crit: 2, contentType: 3, x5chain: 33 } as const;

const SIGN1_TAG = 18;

/** COSE_Sign1 (RFC 9052, section 4.2) with its payload inside. */
export interface CoseSign1 {
  /** Exactly as it was signed. */
  readonly protectedBytes: Uint8Array;
  readonly protectedHeaders: ReadonlyMap<CborKey, CborValue>;
  readonly unprotectedHeaders: ReadonlyMap<CborKey, CborValue>;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** @throws LadingError `cose-invalid` */
export function parseCoseSign1(bytes: Uint8Array): CoseSign1 {
  const invalid = (why: string, cause?: unknown): LadingError =>
    new LadingError('cose-invalid', `not a COSE_Sign1 message: ${why}`, { cause });
  try {
    const message = decodeCbor(bytes);
    if (!isCborTag(message) || message.tag !== SIGN1_TAG || !Array.isArray(message.value)) {
      throw invalid('it does not have the tag 18');
    }
    const [protectedBytes, unprotectedHeaders, payload, signature, ...more] = message.value as readonly CborValue[];
    if (
      !(protectedBytes instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array) ||
      !isCborMap(unprotectedHeaders) ||
      more.length > 0
    ) {
      throw invalid('it has other parts than headers, payload and signature');
    }
    const protectedHeaders = decodeCbor(protectedBytes);
    if (!isCborMap(protectedHeaders)) throw invalid('its protected headers are no map');
    const twice = [...protectedHeaders.keys()].find((label) => unprotectedHeaders.has(label));
    // RFC 9052, section 3: a label must not occur in both.
    if (twice !== undefined) throw invalid(`the header ${JSON.stringify(twice).slice(0, 80)} appears twice`);
    return { protectedBytes, protectedHeaders, unprotectedHeaders, payload, signature };
  } catch (cause) {
    if (cause instanceof LadingError && cause.code === 'cose-invalid') throw cause;
    throw invalid(cause instanceof Error ? cause.message : 'unreadable', cause);
  }
}

/** What is signed: `Sig_structure` (RFC 9052, section 4.4), without external data. */
export const coseToBeSigned = (protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array =>
  encodeCbor(['Signature1', protectedBytes, new Uint8Array(), payload]);

export function encodeCoseSign1(message: Omit<CoseSign1, 'protectedHeaders'>): Uint8Array {
  const { protectedBytes, unprotectedHeaders, payload, signature } = message;
  return encodeCbor({ tag: SIGN1_TAG, value: [protectedBytes, unprotectedHeaders, payload, signature] });
}
