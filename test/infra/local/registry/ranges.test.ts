import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseByteRange, parseContentRange, uploadRange } from '../../../../infra/local/registry/ranges.ts';

describe('Range of a request', () => {
  it.each([
    ['bytes=0-0', 10, { start: 0, end: 0 }],
    ['bytes=2-', 10, { start: 2, end: 9 }],
    ['bytes=-3', 10, { start: 7, end: 9 }],
    ['bytes=-30', 10, { start: 0, end: 9 }],
    ['bytes=4-99999999999999999999999', 10, { start: 4, end: 9 }],
    ['BYTES=1-2', 10, { start: 1, end: 2 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=5-4', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-1', 0, 'unsatisfiable'],
    ['bytes=99999999999999999999999-', 10, 'unsatisfiable'],
    ['bytes=-', 10, 'ignored'],
    ['bytes=0-1,4-5', 10, 'ignored'],
    ['lines=0-1', 10, 'ignored'],
    ['bytes=a-b', 10, 'ignored'],
    ['bytes=1-2-3', 10, 'ignored'],
    [undefined, 10, 'ignored'],
  ])('%s of %d bytes', (header, size, expected) => {
    expect(parseByteRange(header, size)).toEqual(expected);
  });

  it('never leaves the content, whatever the header', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat().map((n) => `bytes=-${n}`),
    );
    fc.assert(
      fc.property(header, fc.nat(5000), (text, size) => {
        const range = parseByteRange(text, size);
        if (typeof range === 'string') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
    );
  });

  it('takes the bytes that both ends name', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (a, b, size) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const range = parseByteRange(`bytes=${start}-${end}`, size);
        expect(range).toEqual(start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size - 1) });
      }),
    );
  });
});

describe('Content-Range of a chunk', () => {
  it.each(['', '-', '1-', '-1', '2-1', 'bytes 0-1/2', '0-1/2', '0x1-0x2', '1e3-2e3', '0-99999999999999999999', '١-٢'])(
    'refuses %j',
    (header) => {
      expect(parseContentRange(header)).toBeUndefined();
    },
  );

  it('reads back what a client writes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(parseContentRange(`${start}-${end}`)).toEqual({ start, end });
      }),
    );
  });

  it('is safe whole numbers in order or nothing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const range = parseContentRange(text);
        if (!range) return;
        expect(Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end)).toBe(true);
        expect(range.start).toBeLessThanOrEqual(range.end);
      }),
    );
  });

  it('says where an upload is', () => {
    expect([uploadRange(0), uploadRange(1), uploadRange(500)]).toEqual(['0-0', '0-0', '0-499']);
  });
});
