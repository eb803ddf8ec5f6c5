import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPeResources } from '../../../../lib/formats/executable/index.ts';
import { writeElf, writePe } from './write-executable.ts';
import { writeVersionedPe } from './write-version-resource.ts';

describe('version resources', () => {
  it('tell what a program says of itself', () => {
    const texts = { CompanyName: 'A', ProductName: 'Über Tool', ProductVersion: '1.2.3', FileVersion: '' };
    expect(readPeResources(writeVersionedPe(texts))).toEqual({
      isManaged: false,
      texts: new Map(Object.entries(texts)),
    });
    expect(readPeResources(writeVersionedPe(texts, { managed: true }))?.isManaged).toBe(true);
  });

  it('may be absent', () => {
    const plain = writePe([{ name: '.text', content: Buffer.alloc(100) }]);
    expect(readPeResources(plain)).toEqual({ isManaged: false, texts: new Map() });
    expect(readPeResources(writeElf([]))).toBeUndefined();
    expect(readPeResources(Buffer.from('MZ'))).toBeUndefined();
  });

  it('end in an answer or a RangeError, whatever is in them', () => {
    const whole = writeVersionedPe({ ProductName: 'A', ProductVersion: '1', FileVersion: '2' });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.nat(whole.length),
        (changes, cut) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            readPeResources(bytes.subarray(0, bytes.length - cut));
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
