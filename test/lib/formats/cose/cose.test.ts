import { describe, expect, it } from 'vitest';
import { type CborValue, encodeCbor } from '../../../../lib/formats/cbor/index.ts';
import { coseToBeSigned, encodeCoseSign1, parseCoseSign1 } from '../../../../lib/formats/cose/index.ts';

const protectedBytes = new Uint8Array(encodeCbor(new Map([[1, -7]])));
const payload = new Uint8Array([1, 2]);
const signature = new Uint8Array(64);
const message = (parts: readonly CborValue[], tag = 18) => encodeCbor({ tag, value: parts });
const empty: CborValue = new Map();

describe('COSE_Sign1', () => {
  it('reads back what it writes', () => {
    const unprotectedHeaders = new Map([[33, [new Uint8Array([3])]]]);
    const written = encodeCoseSign1({ protectedBytes, unprotectedHeaders, payload, signature });
    expect(written[0]).toBe(0xd2);
    expect(parseCoseSign1(written)).toEqual({
      protectedBytes,
      protectedHeaders: new Map([[1, -7]]),
      unprotectedHeaders,
      payload,
      signature,
    });
    // RFC 9052, section 4.4: ["Signature1", protected, external, payload].
    expect(Buffer.from(coseToBeSigned(protectedBytes, payload)).toString('hex')).toBe(
      '846a5369676e61747572653143a1012640420102',
    );
  });

  it.each([
    ['no tag', encodeCbor([protectedBytes, empty, payload, signature])],
    ['another tag', message([protectedBytes, empty, payload, signature], 98)],
    ['a part too many', message([protectedBytes, empty, payload, signature, 1])],
    ['a payload apart', message([protectedBytes, empty, null, signature])],
    ['headers that are no map', message([encodeCbor(7), empty, payload, signature])],
    ['a header in both places', message([protectedBytes, new Map([[1, -35]]), payload, signature])],
    ['nothing', new Uint8Array()],
  ])('refuses %s', (_what, bytes) => {
    expect(() => parseCoseSign1(bytes)).toThrow(expect.objectContaining({ code: 'cose-invalid' }));
  });
});
