import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TrustJudge } from '../../lib/admission/index.ts';
import { localSigner } from '../../lib/signing/adapters/local-signer.ts';
import { newImage } from '../lib/signing/verify/material.ts';
import { makeChain } from '../support/certificates.ts';

const image = await newImage();
const without: TrustJudge = {
  judge: async () => ({ kind: 'distrusted', reason: 'no-verdict', detail: 'Lading has no verdict on it' }),
};
vi.mock('../../functions/_pipe/trust-judge.ts', () => ({ trustJudge: () => without }));
vi.mock('../../functions/_pipe/registries.ts', () => ({ registries: () => ({ open: async () => image.registry }) }));

/** The judge of a function that is started with this setting. */
async function judgeWith(admission: object): Promise<TrustJudge> {
  vi.resetModules();
  vi.stubEnv('ADMISSION_CONFIG', JSON.stringify(admission));
  return (await import('../../functions/_pipe/admission-judge.ts')).admissionJudge();
}
afterEach(() => vi.unstubAllEnvs());

const { authority, signer, chain } = makeChain();
const signatures = {
  trustPolicy: {
    version: '1.0',
    trustPolicies: [
      {
        name: 'ours',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:ours'],
        trustedIdentities: ['x509.subject: C=DE, ST=Berlin, O=Example'],
      },
    ],
  },
  trustStores: { 'ca:ours': [authority.pem] },
};

describe('what decides over workloads', () => {
  it('is the verdict alone, unless the configuration trusts signatures by others', async () => {
    expect(await judgeWith({})).toBe(without);
  });

  it('is a signature by others where there is no verdict, by the policy of the setting', async () => {
    const judge = await judgeWith({ signatures });
    expect(await judge.judge(image.at)).toMatchObject({ kind: 'distrusted', reason: 'no-verdict' });
    await image.sign(localSigner(signer.privateKey), { format: 'notation-cose', certificates: chain }, new Date());
    expect(await judge.judge(image.at)).toEqual({ kind: 'trusted', signedBy: ['ca:ours'] });
    const { trustPolicy } = signatures;
    const [statement] = trustPolicy.trustPolicies;
    const others = { ...statement, trustedIdentities: ['x509.subject: C=DE, ST=Berlin, O=Another'] };
    const stricter = await judgeWith({
      signatures: { ...signatures, trustPolicy: { ...trustPolicy, trustPolicies: [others] } },
    });
    expect(await stricter.judge(image.at)).toMatchObject({
      kind: 'distrusted',
      detail: expect.stringContaining('identity-differs'),
    });
  });
});
