import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import {
  checkChain,
  findChain,
  formatName,
  isSubsetOf,
  parseCertificate,
  parseCertificatePem,
  parseName,
} from '../../../../lib/formats/x509/index.ts';
import { makeCertificate, makeChain } from '../../../support/certificates.ts';

describe('certificates', () => {
  it('are read with what they may be used for', () => {
    const { authority, signer } = makeChain({}, { pathLength: 0 });
    const leaf = parseCertificate(signer.der);
    expect(leaf).toMatchObject({
      keyUsage: { critical: true, bits: new Set(['digitalSignature']) },
      extendedKeyUsage: { critical: false, purposes: ['1.3.6.1.5.5.7.3.3'] },
      notBefore: new Date('2020-01-01T00:00:00Z'),
      unknownCritical: [],
    });
    expect(leaf.basicConstraints).toBeUndefined();
    const root = parseCertificate(authority.der);
    expect(root.basicConstraints).toEqual({ ca: true, pathLength: 0 });
    expect(leaf.isIssuedBy(root)).toBe(true);
    expect(root.isIssuedBy(leaf)).toBe(false);
    expect(parseCertificatePem(`${signer.pem}${authority.pem}`)).toHaveLength(2);
    expect(parseCertificatePem(authority.der)).toHaveLength(1);
    expect(() => parseCertificatePem('nothing')).toThrow(expect.objectContaining({ code: 'certificate-invalid' }));
    // A certificate of the same name by another key.
    const { authority: imposter } = makeChain();
    expect(leaf.isIssuedBy(parseCertificate(imposter.der))).toBe(false);
  });

  it('are read, or refused with one error, whatever was done to them', () => {
    const { signer } = makeChain();
    fc.assert(
      fc.property(fc.nat(signer.der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Uint8Array.from(signer.der);
        bytes[at] = (bytes[at] ?? 0) ^ change;
        try {
          parseCertificate(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(LadingError);
          expect(error).toMatchObject({ code: 'certificate-invalid' });
        }
      }),
    );
  });
});

describe('chains', () => {
  const read = (...made: readonly { readonly der: Uint8Array }[]) => made.map(({ der }) => parseCertificate(der));
  const at = new Date('2026-01-01T00:00:00Z');

  it('lead from the signer over authorities to a root', () => {
    const root = makeCertificate({ ca: true });
    const middle = makeCertificate({ ca: true, issuer: root, subject: { C: 'DE', ST: 'B', O: 'Middle' } });
    const leaf = makeCertificate({ issuer: middle });
    const chain = read(leaf, middle, root);
    expect(checkChain(chain, { at })).toBeUndefined();
    expect(checkChain(read(leaf, middle), { at })).toMatchObject({ kind: 'broken' });
    expect(checkChain(read(leaf, middle), { at, anchored: true })).toBeUndefined();
    expect(checkChain(read(leaf, root), { at })).toMatchObject({ kind: 'broken' });
    expect(checkChain(read(leaf, middle, root, root), { at })).toMatchObject({ kind: 'broken' });
    expect(checkChain([], { at })).toMatchObject({ kind: 'broken' });
    expect(checkChain(chain, { at: new Date('2050-01-01') })).toMatchObject({ kind: 'expired' });
    expect(checkChain(chain, { at: new Date('2019-01-01') })).toMatchObject({ kind: 'not-yet-valid' });
    const [first] = chain;
    if (first === undefined) throw new Error('no certificate');
    expect(findChain(first, chain, read(root))).toHaveLength(3);
    expect(findChain(first, chain, read(middle))).toHaveLength(2);
    expect(findChain(first, chain, read(makeCertificate({ ca: true })))).toBeUndefined();
    expect(findChain(first, read(root), read(root))).toBeUndefined();
  });

  it('are no longer than an authority allows', () => {
    const root = makeCertificate({ ca: true, pathLength: 0 });
    const middle = makeCertificate({ ca: true, issuer: root, subject: { C: 'DE', ST: 'B', O: 'Middle' } });
    expect(checkChain(read(makeCertificate({ issuer: middle }), middle, root), {})).toMatchObject({ kind: 'usage' });
    expect(checkChain(read(makeCertificate({ issuer: root }), root), {})).toBeUndefined();
  });

  it('are for the purposes that are asked', () => {
    const { chain } = makeChain({ purposes: ['1.3.6.1.5.5.7.3.8'] });
    const certificates = chain.map(parseCertificate);
    const allowed = ['1.3.6.1.5.5.7.3.8'];
    expect(checkChain(certificates, { purposes: { allowed } })).toBeUndefined();
    expect(checkChain(certificates, { purposes: { allowed: ['1.2.3'] } })).toMatchObject({ kind: 'usage' });
    expect(checkChain(certificates, { purposes: { forbidden: allowed } })).toMatchObject({ kind: 'usage' });
    const none = makeChain({ purposes: [] }).chain.map(parseCertificate);
    expect(checkChain(none, { purposes: { allowed } })).toBeUndefined();
    expect(checkChain(none, { purposes: { allowed, required: true } })).toMatchObject({ kind: 'usage' });
  });

  it('hold with RSA as well', () => {
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { chain } = makeChain({}, { key });
    expect(checkChain(chain.map(parseCertificate), { at })).toBeUndefined();
  });
});

describe('names', () => {
  it('are compared part by part', () => {
    const { signer } = makeChain({ subject: { C: 'DE', ST: 'Berlin', O: 'Example, Inc.', CN: 'x' } });
    const { subject } = parseCertificate(signer.der);
    expect(formatName(subject)).toBe('CN=x,O=Example\\, Inc.,ST=Berlin,C=DE');
    expect(isSubsetOf(parseName('O=Example\\, Inc., C=DE'), subject)).toBe(true);
    expect(isSubsetOf(parseName(formatName(subject)), subject)).toBe(true);
    expect(isSubsetOf(parseName('S=Berlin'), subject)).toBe(true);
    expect(isSubsetOf(parseName('CN=X'), subject)).toBe(false);
    expect(isSubsetOf(parseName('CN=x, OU=y'), subject)).toBe(false);
    expect(isSubsetOf(new Map(), subject)).toBe(false);
    // One who has two organisations is neither.
    expect(
      isSubsetOf(parseName('O=a'), [
        ['O', 'b'],
        ['O', 'a'],
      ]),
    ).toBe(false);
  });

  it.each(['', 'CN', '=x', 'CN=a+OU=b', 'CN=#0401', 'CN=a, CN=b', 'C N=a'])('refuses "%s"', (text) => {
    expect(() => parseName(text)).toThrow(expect.objectContaining({ code: 'name-invalid' }));
  });
});
