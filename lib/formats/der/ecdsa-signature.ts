import { childrenOf, DER, expectTag, readDer, writeDer, writeUnsigned } from './index.ts';

/**
 * `SEQUENCE { r, s }` (RFC 3279, section 2.2.3) as the two numbers side by side, as JOSE and COSE write ECDSA
 * signatures (RFC 7518, section 3.4; RFC 9053, section 2.1).
 *
 * @param width octets of each number: 32, 48, 66
 * @throws LadingError `der-invalid`
 */
export function ecdsaToConcatenated(der: Uint8Array, width: number): Uint8Array {
  const numbers = childrenOf(readDer(der), DER.sequence);
  const result = new Uint8Array(width * 2);
  for (const [i, element] of numbers.slice(0, 2).entries()) {
    const { content } = expectTag(element, DER.integer);
    const bare = content[0] === 0 ? content.subarray(1) : content;
    result.set(bare.subarray(Math.max(0, bare.length - width)), width * i + Math.max(0, width - bare.length));
  }
  return result;
}

/** The other way. `undefined` where the length is not that of the curve. */
export function ecdsaToDer(concatenated: Uint8Array, width: number): Uint8Array | undefined {
  if (concatenated.length !== width * 2) return undefined;
  return writeDer(
    DER.sequence,
    writeUnsigned(concatenated.subarray(0, width)),
    writeUnsigned(concatenated.subarray(width)),
  );
}
