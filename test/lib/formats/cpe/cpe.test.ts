import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCpe, isCpe } from '../../../../lib/formats/cpe/index.ts';

const NAMES = [
  'part',
  'vendor',
  'product',
  'version',
  'update',
  'edition',
  'language',
  'software',
  'target',
  'hardware',
  'other',
];

/** NIST IR 7695, section 6.2.3.2 ("Unbinding a formatted string"), written from its words: a colon divides unless it is quoted. */
function unbind(text: string): Readonly<Record<string, string | { readonly logical: string }>> {
  expect(text.startsWith('cpe:2.3:')).toBe(true);
  const parts: { value: string; quoted: boolean }[] = [];
  let part = { value: '', quoted: false };
  for (let i = 'cpe:2.3:'.length; i < text.length; i++) {
    if (text[i] === ':') {
      parts.push(part);
      part = { value: '', quoted: false };
    } else if (text[i] === '\\') part = { value: part.value + text[++i], quoted: true };
    else part.value += text[i];
  }
  parts.push(part);
  expect(parts).toHaveLength(NAMES.length);
  return Object.fromEntries(
    parts.map(({ value, quoted }, i) => [
      NAMES[i],
      !quoted && (value === '*' || value === '-') ? { logical: value } : value,
    ]),
  );
}

const printable = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 12,
});

describe('names of products', () => {
  it('quote what stands for something else', () => {
    expect(formatCpe({ part: 'a', vendor: 'Erlang', product: 'erlang/otp', version: '1:2.0+x~y*?' })).toBe(
      String.raw`cpe:2.3:a:erlang:erlang\/otp:1\:2.0\+x\~y\*\?:*:*:*:*:*:*:*`,
    );
    expect(formatCpe({ part: 'a', vendor: 'foo\\bar', product: 'big$money_2010' })).toBe(
      String.raw`cpe:2.3:a:foo\\bar:big\$money_2010:*:*:*:*:*:*:*:*`,
    );
    expect(formatCpe({ part: 'o', vendor: 'SUSE Linux  GmbH', product: 'x', targetSoftware: 'node.js' })).toBe(
      'cpe:2.3:o:suse_linux_gmbh:x:*:*:*:*:*:node.js:*:*',
    );
  });

  it('are none where an attribute cannot be written', () => {
    for (const vendor of ['', ' ', '-', 'ü', 'a\u0000b', 'a\u202eb', 'x'.repeat(1100)]) {
      expect(formatCpe({ part: 'a', vendor, product: 'x' })).toBeUndefined();
      expect(formatCpe({ part: 'a', vendor: 'x', product: vendor })).toBeUndefined();
    }
    expect(formatCpe({ part: 'a', vendor: 'x', product: 'x', version: '-' })).toBeUndefined();
  });

  it('give back what was written, are of the form of the schemas, and never say "any" or "none" by themselves', () => {
    fc.assert(
      fc.property(printable, printable, printable, printable, (vendor, product, version, targetSoftware) => {
        const text = formatCpe({ part: 'a', vendor, product, version, targetSoftware });
        if ([vendor, product, version, targetSoftware].includes('-')) {
          expect(text).toBeUndefined();
          return;
        }
        expect(isCpe(text ?? '')).toBe(true);
        const read = unbind(text ?? '');
        expect(read).toMatchObject({
          part: 'a',
          vendor: vendor.toLowerCase(),
          product: product.toLowerCase(),
          version: version.toLowerCase(),
          target: targetSoftware.toLowerCase(),
          update: { logical: '*' },
          other: { logical: '*' },
        });
      }),
      { numRuns: 500 },
    );
  });

  it('are a CPE or nothing, whatever strangers call their software', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (vendor, version) => {
        const text = formatCpe({ part: 'a', vendor, product: 'x', version });
        if (text !== undefined) expect(isCpe(text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
