import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../../../lib/formats/cbor/index.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie('value')), { maxLength: 4 }).map((e) => new Map(e)),
    tie('value').map((inner) => ({ tag: 1, value: inner })),
  ),
})).value;

describe('CBOR', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(value, (given) => {
        const written = encodeCbor(given);
        expect(encodeCbor(decodeCbor(written))).toEqual(written);
      }),
    );
  });

  // RFC 8949, appendix A.
  it.each([
    ['00', 0],
    ['1818', 24],
    ['1903e8', 1000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['20', -1],
    ['3903e7', -1000],
    ['f4', false],
    ['f6', null],
    ['4401020304', hex('01020304')],
    ['6449455446', 'IETF'],
    ['62c3bc', 'ü'],
    ['83010203', [1, 2, 3]],
    [
      'a201020304',
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
    ['c11a514b67b0', { tag: 1, value: 1363896240 }],
    ['fb41d452d9ec000000', 1363896240],
  ])('reads %s', (text, expected) => {
    expect(decodeCbor(hex(text))).toEqual(expected);
  });

  it.each([
    ['nothing', ''],
    ['a cut text', '6449'],
    ['something behind it', '0000'],
    ['indefinite lengths', '5f42010243030405ff'],
    ['numbers over 2^53', '1bffffffffffffffff'],
    ['fractions', 'fb3ff199999999999a'],
    ['a key twice', 'a201020103'],
    ['a key that is an array', 'a1800a'],
    ['text that is not UTF-8', '62c328'],
    ['undefined', 'f7'],
    ['a length without content', '9b00000000ffffffff'],
    ['nesting without end', '81'.repeat(200)],
  ])('refuses %s', (_what, text) => {
    expect(() => decodeCbor(hex(text))).toThrow(expect.objectContaining({ code: 'cbor-invalid' }));
  });

  it('answers or throws its own error, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeCbor(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(LadingError);
        }
      }),
    );
  });
});
