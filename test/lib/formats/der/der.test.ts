import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import { ecdsaToConcatenated, ecdsaToDer } from '../../../../lib/formats/der/ecdsa-signature.ts';
import {
  childrenOf,
  DER,
  readBoolean,
  readDer,
  readOid,
  readSmallInteger,
  readTime,
  writeDer,
  writeOid,
  writeUnsigned,
} from '../../../../lib/formats/der/index.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const invalid = expect.objectContaining({ code: 'der-invalid' });

describe('DER', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), (contents) => {
        const written = writeDer(DER.sequence, ...contents.map((one) => writeDer(DER.octetString, one)));
        const read = childrenOf(readDer(written), DER.sequence);
        expect(read.map(({ content }) => Buffer.from(content))).toEqual(contents.map((one) => Buffer.from(one)));
      }),
    );
    fc.assert(
      fc.property(fc.nat(2), fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 8 }), (first, rest) => {
        const oid = [first, Math.min(rest[0] ?? 0, 39), ...rest.slice(1)].join('.');
        expect(readOid(readDer(writeOid(oid)))).toBe(oid);
      }),
    );
    fc.assert(
      fc.property(fc.nat(), (value) => {
        const octets = Buffer.alloc(8);
        octets.writeBigUInt64BE(BigInt(value));
        expect(readSmallInteger(readDer(writeUnsigned(octets)))).toBe(value);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a cut element', '3003'],
    ['an indefinite length', '3080'],
    ['a length that could be shorter', '30810101'],
    ['something behind it', '040000'],
    ['a high tag number', '1f0100'],
    ['an element longer than its container', '30030405'],
  ])('refuses %s', (_what, text) => {
    expect(() => childrenOf(readDer(hex(text)))).toThrow(invalid);
  });

  it.each([
    ['a padded integer', () => readSmallInteger(readDer(hex('02020001')))],
    ['a negative integer', () => readSmallInteger(readDer(hex('0201ff')))],
    ['an integer over 2^53', () => readSmallInteger(readDer(hex('02087fffffffffffffff')))],
    ['a boolean of BER', () => readBoolean(readDer(hex('010101')))],
    ['a padded identifier', () => readOid(readDer(hex('0603802a03')))],
    ['a cut identifier', () => readOid(readDer(hex('060181')))],
    ['30 February', () => readTime(readDer(writeDer(DER.utcTime, Buffer.from('260230000000Z'))))],
    ['a time with a zone', () => readTime(readDer(writeDer(DER.generalizedTime, Buffer.from('20260101000000+0100'))))],
  ])('refuses %s', (_what, read) => {
    expect(read).toThrow(invalid);
  });

  it('reads times of both kinds', () => {
    const time = (tag: number, text: string) => readTime(readDer(writeDer(tag, Buffer.from(text)))).toISOString();
    expect(time(DER.utcTime, '490101000000Z')).toBe('2049-01-01T00:00:00.000Z');
    expect(time(DER.utcTime, '500101000000Z')).toBe('1950-01-01T00:00:00.000Z');
    expect(time(DER.generalizedTime, '20260131235959.25Z')).toBe('2026-01-31T23:59:59.250Z');
  });

  it('answers or throws its own error, whatever it is given', () => {
    const read = (bytes: Uint8Array): void => {
      for (const element of childrenOf(readDer(bytes))) if ((element.tag & 0x20) !== 0) read(element.raw);
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(LadingError);
        }
      }),
    );
  });
});

describe('ECDSA signatures', () => {
  it.each([
    ['P-256', 32],
    ['P-384', 48],
    ['P-521', 66],
  ])('go both ways for %s', (namedCurve, width) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    // Numbers begin with zeros now and then.
    for (let i = 0; i < 40; i++) {
      const message = Buffer.from(String(i));
      const both = ecdsaToConcatenated(sign('sha256', message, privateKey), width);
      expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, both)).toBe(true);
      const der = ecdsaToDer(both, width) ?? new Uint8Array();
      expect(verify('sha256', message, publicKey, der)).toBe(true);
    }
    expect(ecdsaToDer(new Uint8Array(width), width)).toBeUndefined();
  });
});
