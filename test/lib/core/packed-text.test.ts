import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packText, unpackText } from '../../../lib/core/packed-text.ts';

const rules = (count: number): string =>
  JSON.stringify(
    Array.from({ length: count }, (_, i) => ({ name: `rule-${i}`, select: { tags: [`release-${i}-*`] } })),
  );

describe('a packed text', () => {
  it('is read as it was', () => {
    const words = fc.array(fc.constantFrom('{"name":', '"rule"', ',', 'ä', '€', '😀', '\n', '0'), { maxLength: 2000 });
    fc.assert(fc.property(words, (parts) => unpackText(packText(parts.join(''))) === parts.join('')));
    fc.assert(fc.property(fc.json(), (text) => unpackText(packText(text)) === text));
  });

  it('stays readable where it is short', () => {
    expect(packText(rules(5))).toBe(rules(5));
  });

  it('takes a fraction of the room where it is long', () => {
    expect(packText(rules(300)).length).toBeLessThan(rules(300).length / 8);
  });

  it('is never longer than the text', () => {
    const noise = Array.from({ length: 1000 }, (_, i) => String.fromCharCode(0x4e00 + ((i * i * 7919) % 20000))).join(
      '',
    );
    expect(packText(noise).length).toBeLessThanOrEqual(noise.length);
  });

  it('is refused when it is damaged, or opens to too much', () => {
    expect(() => unpackText(`br:${packText(rules(300)).slice(40)}`)).toThrow(/cannot be read again/);
    expect(() => unpackText(packText('a'.repeat(5 * 1024 * 1024)))).toThrow(/cannot be read again/);
  });
});
