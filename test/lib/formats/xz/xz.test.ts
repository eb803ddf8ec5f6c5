import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLadingError } from '../../../../lib/core/errors.ts';
import { unxz } from '../../../../lib/formats/xz/index.ts';
import { filtered, packed } from './packed.ts';

const most = { maxOutputLength: 4 * 1024 * 1024 };
const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

describe('files packed with xz', () => {
  it.each(packed)('are unpacked as XZ Utils packed them: %s', (_name, content, base64) => {
    expect(unxz(bytesOf(base64), most).equals(content)).toBe(true);
  });

  it('are refused where they unpack to too much, and with filters that are not read', () => {
    const zeros = bytesOf(packed.find(([name]) => name === 'zeros')?.[2] ?? '');
    expect(() => unxz(zeros, { maxOutputLength: 1000 })).toThrowError(/over 1000 bytes/);
    expect(() => unxz(bytesOf(filtered), most)).toThrowError(expect.objectContaining({ code: 'xz-unsupported' }));
    expect(() => unxz(Buffer.from('no xz at all, but long enough'), most)).toThrowError(/no xz header/);
  });

  it('that are damaged or cut off are refused with a reason, or give what their check vouches for', () => {
    const each = fc.constantFrom(...packed.filter(([name]) => name !== 'zeros'));
    fc.assert(
      fc.property(
        each,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        ([, content, base64], at, byte, cut) => {
          const bytes = bytesOf(base64);
          const place = at % bytes.length;
          const changed = cut ? bytes.subarray(0, place) : Buffer.from(bytes).fill(byte, place, place + 1);
          try {
            const found = unxz(changed, most);
            // CRC-32 (type 1) is compared: what comes out is then what went in.
            if (bytes[7] === 1) expect(found.equals(content)).toBe(true);
          } catch (error) {
            expect(isLadingError(error) ? error.code : String(error)).toMatch(
              /^(?:xz-malformed|xz-unsupported|limit-exceeded)$/,
            );
          }
        },
      ),
      { numRuns: 600 },
    );
  });
});
