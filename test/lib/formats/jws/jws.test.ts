import { describe, expect, it } from 'vitest';
import { encodeJws, encodeJwsPart, jwsToBeSigned, parseJws } from '../../../../lib/formats/jws/index.ts';

const good = {
  protected: encodeJwsPart('{"alg":"ES256"}'),
  payload: encodeJwsPart('{}'),
  header: { x5c: [] },
  signature: encodeJwsPart('sig'),
};
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('JWS', () => {
  it('reads back what it writes', () => {
    const written = encodeJws({
      protectedText: good.protected,
      payloadText: good.payload,
      header: good.header,
      signature: Buffer.from('sig'),
    });
    const read = parseJws(written);
    expect(read).toEqual(parseJws(bytes(good)));
    expect(read.protectedHeader).toEqual(new Map([['alg', 'ES256']]));
    expect(Buffer.from(jwsToBeSigned(read.protectedText, read.payloadText)).toString()).toBe(
      `${good.protected}.${good.payload}`,
    );
  });

  it.each([
    ['no signature', { ...good, signature: '' }],
    ['several signatures', { ...good, signatures: [] }],
    ['base64 in the other alphabet', { ...good, payload: 'e30=' }],
    ['bits that mean nothing', { ...good, payload: 'e31' }],
    ['a header in both places', { ...good, header: { alg: 'none' } }],
    ['a protected header that is no object', { ...good, protected: encodeJwsPart('[]') }],
    ['a protected header with a name twice', { ...good, protected: encodeJwsPart('{"alg":"a","alg":"b"}') }],
    ['something else', []],
  ])('refuses %s', (_what, value) => {
    expect(() => parseJws(bytes(value))).toThrow(expect.objectContaining({ code: 'jws-invalid' }));
  });
});
