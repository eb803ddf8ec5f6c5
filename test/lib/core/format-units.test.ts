import { describe, expect, it } from 'vitest';
import { parseBytes } from '../../../lib/core/format-units.ts';

describe('a size', () => {
  it.each([
    ['50GiB', 50 * 1024 ** 3],
    ['1.5 TiB', 1.5 * 1024 ** 4],
    ['4096B', 4096],
    ['0.3KiB', 307],
  ])('%s is read', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', 'GiB', '50', '50GB', '-1GiB', '1e3B', '5 0GiB', '1GiB ', '.5GiB'])('"%s" is none', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});
