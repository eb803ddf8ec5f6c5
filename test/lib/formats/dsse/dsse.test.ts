import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../../lib/formats/base64.ts';
import { encodeDsseEnvelope, parseDsseEnvelope, preAuthEncoding } from '../../../../lib/formats/dsse/index.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

describe('DSSE', () => {
  // secure-systems-lab/dsse, protocol.md, "Test Vectors".
  it('encodes the vector of its specification', () => {
    const encoded = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
    expect(text(encoded)).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });

  it('counts bytes, not characters', () => {
    expect(text(preAuthEncoding('ü', Buffer.from('雨')))).toBe('DSSEv1 2 ü 3 雨');
  });

  it('never encodes two inputs alike', () => {
    const part = fc.tuple(fc.string({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }));
    fc.assert(
      fc.property(part, part, (a, b) => {
        const same = a[0] === b[0] && Buffer.compare(a[1], b[1]) === 0;
        expect(Buffer.compare(preAuthEncoding(...a), preAuthEncoding(...b)) === 0).toBe(same);
      }),
    );
  });

  it('reads back what it writes', () => {
    const signature = fc.record(
      { sig: fc.uint8Array({ minLength: 1 }), keyid: fc.string({ minLength: 1 }) },
      { requiredKeys: ['sig'] },
    );
    const envelopes = fc.record({
      payloadType: fc.string({ minLength: 1 }),
      payload: fc.uint8Array(),
      signatures: fc.array(signature, { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(parseDsseEnvelope(JSON.parse(JSON.stringify(encodeDsseEnvelope(envelope))))).toEqual(envelope);
      }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['no signatures', { payloadType: 'x', payload: '', signatures: [] }],
    ['no payload type', { payloadType: '', payload: '', signatures: [{ sig: 'AA==' }] }],
    ['a payload that is not base64', { payloadType: 'x', payload: '%%%', signatures: [{ sig: 'AA==' }] }],
    ['65 signatures', { payloadType: 'x', payload: '', signatures: Array(65).fill({ sig: 'AA==' }) }],
  ])('refuses %s', (_what, value) => {
    expect(() => parseDsseEnvelope(value)).toThrow(expect.objectContaining({ code: 'envelope-invalid' }));
  });
});

describe('base64', () => {
  it('reads every spelling that the specifications allow', () => {
    expect(decodeBase64('+/8=')).toEqual(new Uint8Array([0xfb, 0xff]));
    expect(decodeBase64('+/8')).toEqual(new Uint8Array([0xfb, 0xff]));
    expect(decodeBase64('-_8=')).toEqual(new Uint8Array([0xfb, 0xff]));
    expect(decodeBase64('')).toEqual(new Uint8Array());
  });

  it.each(['+_8=', 'A', 'AA=', 'AAA==', 'AB==', 'AA==\n', ' AA==', 'AA==AA==', '====', 'AAAA=', 'ä'])(
    'refuses %j',
    (given) => {
      expect(decodeBase64(given)).toBeUndefined();
    },
  );

  it('reads back any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom<BufferEncoding>('base64', 'base64url'), (bytes, encoding) => {
        expect(decodeBase64(Buffer.from(bytes).toString(encoding))).toEqual(bytes);
      }),
    );
  });
});
