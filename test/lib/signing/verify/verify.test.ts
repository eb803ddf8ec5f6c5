import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { localSigner } from '../../../../lib/signing/adapters/local-signer.ts';
import {
  type Condition,
  parseVerificationKey,
  type Requirement,
  type SignatureAlgorithm,
  type TrustMaterial,
  verify,
} from '../../../../lib/signing/index.ts';
import { makeChain } from '../../../support/certificates.ts';
import { makeKey, NOW, newImage, notationTrust, SIGNED } from './material.ts';

const trustOf = (...keys: readonly ReturnType<typeof makeKey>[]): TrustMaterial => ({
  keys: keys.map(({ trusted }) => trusted),
});

describe('verification', () => {
  it.each(['cosign-bundle', 'cosign-tag'] as const)('accepts a signature as %s by a trusted key', async (format) => {
    const image = await newImage();
    const key = makeKey('release');
    await image.sign(key.signer, { format });
    const result = verify(await image.fetch(), trustOf(key), [SIGNED], NOW);
    expect(result).toMatchObject({
      trusted: true,
      requirements: [{ name: 'signed', met: true, signers: ['release'] }],
      proofs: [{ kind: 'signature', format, algorithm: 'ecdsa-p256-sha256', warnings: [] }],
      rejections: [],
    });
  });

  it.each(['notation-jws', 'notation-cose'] as const)(
    'accepts a signature as %s by a trusted chain',
    async (format) => {
      const image = await newImage();
      const { authority, signer, chain } = makeChain();
      await image.sign(localSigner(signer.privateKey), { format, certificates: chain });
      const trust = { keys: [], notation: notationTrust(authority.der) };
      const result = verify(await image.fetch(), trust, [SIGNED], NOW);
      expect(result).toMatchObject({
        trusted: true,
        requirements: [{ met: true, signers: ['ca:test'] }],
        proofs: [{ kind: 'signature', format, signer: { subject: 'CN=Signer,O=Example,ST=Berlin,C=DE' } }],
        rejections: [],
      });
    },
  );

  const kinds: readonly (readonly [SignatureAlgorithm, () => ReturnType<typeof generateKeyPairSync>])[] = [
    ['ecdsa-p384-sha384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }) as never],
    ['ecdsa-p521-sha512', () => generateKeyPairSync('ec', { namedCurve: 'P-521' }) as never],
    ['rsa-pss-sha256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }) as never],
    ['rsa-pkcs1-sha256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }) as never],
    ['ed25519', () => generateKeyPairSync('ed25519') as never],
    ['ml-dsa-65', () => generateKeyPairSync('ml-dsa-65' as never) as never],
  ];

  it.each(kinds)('tells by which algorithm: %s', async (algorithm, make) => {
    const image = await newImage();
    const { privateKey, publicKey } = make() as never as { privateKey: never; publicKey: never };
    const pem = (publicKey as import('node:crypto').KeyObject).export({ type: 'spki', format: 'pem' }).toString();
    await image.sign(localSigner(privateKey, algorithm));
    await image.sign(localSigner(privateKey, algorithm), { format: 'cosign-tag' });
    const trust = { keys: [{ name: 'k', key: parseVerificationKey(pem) }] };
    const result = verify(await image.fetch(), trust, [SIGNED], NOW);
    expect(result.proofs.map((proof) => proof.algorithm)).toEqual([algorithm, algorithm]);
    const wrong: Requirement = { ...SIGNED, algorithms: ['ml-dsa-87'] };
    expect(verify(await image.fetch(), trust, [wrong], NOW).requirements).toMatchObject([
      { met: false, unmet: { reason: 'algorithm-not-allowed' } },
    ]);
  });

  it.each([
    ['notation-jws', 'ec', 'P-384'],
    ['notation-cose', 'ec', 'P-521'],
    ['notation-jws', 'rsa', 'rsa-pss-sha256'],
    ['notation-cose', 'rsa', 'rsa-pss-sha256'],
  ] as const)('signs as %s with %s (%s)', async (format, type, name) => {
    const image = await newImage();
    const key =
      type === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: name })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { authority, chain } = makeChain({ key });
    const signer = localSigner(key.privateKey, type === 'rsa' ? name : undefined);
    await image.sign(signer, { format, certificates: chain });
    const trust = { keys: [], notation: notationTrust(authority.der) };
    expect(verify(await image.fetch(), trust, [SIGNED], NOW)).toMatchObject({ trusted: true, rejections: [] });
  });

  it('does not sign as Notary Project with a key or chain that nobody would verify', async () => {
    const image = await newImage();
    const { chain } = makeChain();
    const other = makeKey('other').signer;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ofRsa = makeChain({ key: rsa });
    const code = (code: string) => expect.objectContaining({ code });
    await expect(image.sign(other, { format: 'notation-jws' })).rejects.toEqual(code('key-unusable'));
    await expect(image.sign(other, { format: 'notation-cose', certificates: chain })).rejects.toEqual(
      code('key-unusable'),
    );
    await expect(
      image.sign(localSigner(rsa.privateKey), { format: 'notation-jws', certificates: ofRsa.chain }),
    ).rejects.toEqual(code('key-unusable'));
    await expect(image.attest(other, 'p', {}, { format: 'notation-jws' })).rejects.toEqual(code('format-unsuitable'));
  });

  it('asks for nothing and trusts nothing: no requirement is no trust', async () => {
    const image = await newImage();
    expect(verify(await image.fetch(), { keys: [] }, [], NOW).trusted).toBe(false);
  });
});

describe('thresholds', () => {
  const two: Requirement = { ...SIGNED, threshold: 2 };

  it('count different signers', async () => {
    const image = await newImage();
    const [a, b, c] = [makeKey('a'), makeKey('b'), makeKey('c')];
    await image.sign(a.signer);
    const trust = trustOf(a, b, c);
    expect(verify(await image.fetch(), trust, [two], NOW).requirements).toMatchObject([
      { met: false, signers: ['a'], unmet: { reason: 'threshold-not-met' } },
    ]);
    await image.sign(c.signer, { format: 'cosign-tag' });
    expect(verify(await image.fetch(), trust, [two], NOW).requirements).toMatchObject([
      { met: true, signers: ['a', 'c'] },
    ]);
    const byOthers = { ...two, by: ['a', 'b'] };
    expect(verify(await image.fetch(), trust, [byOthers], NOW).trusted).toBe(false);
  });

  it('are not met by one who signs often, or has a key under two names or with a certificate', async () => {
    const image = await newImage();
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const { authority, chain } = makeChain({ key });
    const again = makeChain({ subject: { C: 'DE', ST: 'Berlin', O: 'Example', CN: 'Signer' } });
    const signer = localSigner(key.privateKey);
    await image.sign(signer);
    await image.sign(signer);
    await image.sign(signer, { format: 'cosign-tag' });
    await image.sign(signer, { format: 'notation-jws', certificates: chain });
    await image.sign(localSigner(again.signer.privateKey), { format: 'notation-cose', certificates: again.chain });
    const keys = ['one', 'two'].map((name) => ({ name, key: parseVerificationKey(pem) }));
    const trust = {
      keys,
      notation: notationTrust(authority.der, {}, new Map([['ca:again', [again.authority.der]]])),
    };
    const result = verify(await image.fetch(), trust, [two], NOW);
    expect(result.proofs).toHaveLength(5);
    expect(result.requirements).toMatchObject([{ met: false, unmet: { reason: 'threshold-not-met' } }]);
  });
});

describe('attestations', () => {
  const predicate = {
    verificationResult: 'PASSED',
    timeVerified: '2026-06-01T11:00:00Z',
    validUntil: '2026-06-02T11:00:00Z',
    findings: { critical: 0, list: ['x'] },
    'a/b': { '~': null },
  };
  const type = 'https://slsa.dev/verification_summary/v1';
  const holds: readonly Condition[] = [
    { path: '/verificationResult', equals: 'PASSED' },
    { path: '/verificationResult', oneOf: ['FAILED', 'PASSED'] },
    { path: '/findings/critical', atMost: 0 },
    { path: '/findings/critical', atLeast: 0 },
    { path: '/findings/list/0', equals: 'x' },
    { path: '/findings', equals: { list: ['x'], critical: 0 } },
    { path: '/a~1b/~0', equals: null },
    { path: '/validUntil', inFuture: true },
    { path: '/timeVerified', withinSeconds: 3600 },
  ];
  const fails: readonly Condition[] = [
    { path: '/verificationResult', equals: 'passed' },
    { path: '/missing', equals: null },
    { path: '/toString', oneOf: [null] },
    { path: '/findings/list/1', equals: 'x' },
    { path: '/findings/list/00', equals: 'x' },
    { path: '/findings/list', atMost: 9 },
    { path: '/findings/critical', atLeast: 1 },
    { path: '/timeVerified', inFuture: true },
    { path: '/verificationResult', inFuture: true },
    { path: '/timeVerified', withinSeconds: 3599 },
    // A time that has not come was not "within the last day".
    { path: '/validUntil', withinSeconds: 1e9 },
  ];

  it.each(['cosign-bundle', 'cosign-tag'] as const)('count by predicate and conditions (%s)', async (format) => {
    const image = await newImage();
    const key = makeKey('builder');
    await image.attest(key.signer, type, predicate, { format });
    const material = await image.fetch();
    const ask = (conditions: readonly Condition[], predicateType = type) =>
      verify(
        material,
        trustOf(key),
        [{ name: 'verdict', kind: 'attestation', predicateType, threshold: 1, conditions }],
        NOW,
      ).requirements[0];
    expect(ask(holds)).toMatchObject({ met: true, signers: ['builder'] });
    for (const condition of holds) expect(ask([condition]), JSON.stringify(condition)).toMatchObject({ met: true });
    for (const condition of fails) {
      expect(ask([condition]), JSON.stringify(condition)).toMatchObject({ unmet: { reason: 'condition-not-met' } });
    }
    expect(ask([], 'https://example.com/other')).toMatchObject({ unmet: { reason: 'no-proof' } });
    // An attestation is no signature.
    expect(verify(material, trustOf(key), [SIGNED], NOW).requirements).toMatchObject([
      { unmet: { reason: 'no-proof' } },
    ]);
  });

  it('a signature is no attestation', async () => {
    const image = await newImage();
    const key = makeKey('k');
    await image.sign(key.signer);
    const asked: Requirement = { name: 'any', kind: 'attestation', threshold: 1 };
    expect(verify(await image.fetch(), trustOf(key), [asked], NOW).trusted).toBe(false);
  });
});
