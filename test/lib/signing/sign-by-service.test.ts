import { describe, expect, it } from 'vitest';
import { memorySignatures } from '../../../lib/signing/adapters/memory-signatures.ts';
import {
  askRevocations,
  parseVerificationKey,
  readNotationTrust,
  signInFormats,
  verify,
} from '../../../lib/signing/index.ts';
import { awsSignerEnvelope, makeServiceChain, PROFILE } from '../../support/aws-signer-envelope.ts';
import { makeKey, NOW, newImage } from './verify/material.ts';

/** A service with another certificate for each signature, as AWS Signer has one every few days. */
async function setUp() {
  const image = await newImage();
  const key = makeKey('ours');
  const chains: ReturnType<typeof makeServiceChain>[] = [];
  const service = {
    id: PROFILE,
    signer: {
      async signEnvelope() {
        const chain = makeServiceChain();
        chains.push(chain);
        return awsSignerEnvelope('notation-jws', image.descriptor, chain);
      },
    },
  };
  const store = memorySignatures();
  const clock = { now: () => NOW };
  const sign = (registry = image.registry, decision: 'allow' | 'deny' = 'allow') =>
    signInFormats({ signer: key.signer, store, registry, clock }, { subject: image.at, decision }, [], [service]);
  return { image, key, chains, sign };
}

describe('a service that signs images, too', () => {
  it('signs each once, and its signature stands beside ours', async () => {
    const { image, key, chains, sign } = await setUp();
    for (let i = 0; i < 10; i++)
      expect(await sign()).toMatchObject({ kind: 'signed', signature: { format: 'cosign-bundle' } });
    expect(chains).toHaveLength(1);
    const { trust } = readNotationTrust({
      trustPolicy: {
        version: '1.0',
        trustPolicies: [
          {
            name: 'aws',
            registryScopes: ['*'],
            signatureVerification: { level: 'strict' },
            trustStores: ['signingAuthority:aws'],
            trustedIdentities: [PROFILE],
          },
        ],
      },
      trustStores: { 'signingAuthority:aws': [chains[0]?.root.pem ?? ''] },
    });
    const material = await image.fetch();
    const answered = await askRevocations(material, trust, { ask: async () => ({ kind: 'good' }) });
    const all = { ...answered, keys: [{ name: 'ours', key: parseVerificationKey(key.pem) }] };
    const result = verify(material, all, [{ name: 'both', kind: 'signature', threshold: 2 }], NOW);
    expect(result).toMatchObject({
      trusted: true,
      rejections: [],
      requirements: [{ signers: ['ours', 'signingAuthority:aws'] }],
    });
    expect(material.artifacts).toHaveLength(2);
  });

  it('signs nothing that the gate refused', async () => {
    const { chains, sign } = await setUp();
    expect(await sign(undefined, 'deny')).toEqual({ kind: 'not-signed', reason: 'gate-refused' });
    expect(chains).toEqual([]);
  });

  it('is asked once, though the push of what it signed failed at first', async () => {
    const { image, chains, sign } = await setUp();
    let attempts = 0;
    const failing = {
      ...image.registry,
      attachReferrer: async (...args: Parameters<typeof image.registry.attachReferrer>) => {
        if (++attempts === 2) throw new Error('it died');
        return image.registry.attachReferrer(...args);
      },
    };
    await expect(sign(failing)).rejects.toThrow('it died');
    expect(await sign()).toMatchObject({ kind: 'signed' });
    expect(chains).toHaveLength(1);
    expect((await image.fetch()).artifacts).toHaveLength(2);
  });
});
