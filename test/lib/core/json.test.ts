import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, parseJsonStrict } from '../../../lib/core/json.ts';

describe('strict JSON', () => {
  it('agrees with JSON.parse on every document without repeated keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(JSON.stringify(parseJsonStrict(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['{"a":1,"a":2}', 'appears twice'],
    ['{"a":{"b":1,"\\u0062":2}}', 'appears twice'],
    ['[{"x":1},{"x":1},{"x":[{"y":0,"y":0}]}]', 'appears twice'],
    [`${'['.repeat(101)}${']'.repeat(101)}`, 'nested over 100'],
    ['{"a":"unfinished', 'does not end'],
    ['{', 'JSON'],
  ])('refuses %s', (text, why) => {
    expect(() => parseJsonStrict(text)).toThrow(why);
  });

  it('refuses bytes that are not UTF-8, and texts over the cap', () => {
    expect(() => parseJsonStrict(Buffer.from([0x22, 0xff, 0x22]))).toThrow('UTF-8');
    expect(() => parseJsonStrict('"12345"', { maxBytes: 6 })).toThrow('over 6 bytes');
  });

  it('takes a key named __proto__ for data', () => {
    const value = parseJsonStrict('{"__proto__":{"admin":true}}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect((value as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.keys(value)).toEqual(['__proto__']);
  });

  it('never throws anything but its own error', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseJsonStrict(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'json-invalid' });
        }
      }),
    );
  });
});

describe('canonical JSON', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
