import { describe, expect, it } from 'vitest';
import { signatureJudge, type TrustJudge } from '../../../lib/admission/index.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { enforcementFault } from '../../../lib/signing/config.ts';
import {
  createEnvelopeSignature,
  pushRecorded,
  type RevocationAnswer,
  readNotationTrust,
} from '../../../lib/signing/index.ts';
import { awsSignerEnvelope, JOB, makeServiceChain, PROFILE } from '../../support/aws-signer-envelope.ts';
import { NOW, newImage } from '../signing/verify/material.ts';

const service = makeServiceChain();
const signatures = (change: Readonly<Record<string, unknown>> = {}) => ({
  trustPolicy: {
    version: '1.0',
    trustPolicies: [
      {
        name: 'ecr',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['signingAuthority:aws'],
        trustedIdentities: [PROFILE],
        ...change,
      },
    ],
  },
  trustStores: { 'signingAuthority:aws': [service.root.pem] },
});

const without: TrustJudge = {
  judge: async () => ({ kind: 'distrusted', reason: 'no-verdict', detail: 'Lading has no verdict on it' }),
};

/** An image as ECR signs it when it is pushed: the envelope of AWS Signer beside it. */
async function signedImage() {
  const image = await newImage();
  const envelope = awsSignerEnvelope('notation-jws', image.descriptor, service);
  const signer = { signEnvelope: async () => envelope };
  await pushRecorded(image.registry, await createEnvelopeSignature(signer, image.at, image.descriptor, NOW));
  return image;
}

function judgeOf(
  { registry }: Awaited<ReturnType<typeof newImage>>,
  { inner = without, answer = { kind: 'good' } }: { inner?: TrustJudge; answer?: RevocationAnswer } = {},
): TrustJudge {
  const ports = {
    open: async () => registry,
    revocations: { ask: async () => answer },
    clock: { now: () => NOW },
  };
  return signatureJudge(inner, ports, readNotationTrust(signatures()).trust);
}

describe('an image without a verdict', () => {
  it('may run when it is signed as the trust policy wants', async () => {
    const image = await signedImage();
    expect(await judgeOf(image).judge(image.at)).toEqual({ kind: 'trusted', signedBy: ['signingAuthority:aws'] });
  });

  it('may not when it is unsigned, or its signature is revoked or could not be asked about', async () => {
    const unsigned = await newImage();
    expect(await judgeOf(unsigned).judge(unsigned.at)).toMatchObject({
      kind: 'distrusted',
      reason: 'no-verdict',
      detail: 'Lading has no verdict on it, and nobody signed it',
    });
    const image = await signedImage();
    for (const [answer, reason] of [
      [{ kind: 'revoked', entities: [JOB] }, 'signature-revoked'],
      [{ kind: 'unknown', detail: 'no network' }, 'revocation-unknown'],
    ] as const) {
      const decision = await judgeOf(image, { answer }).judge(image.at);
      expect(decision).toMatchObject({ kind: 'distrusted', detail: expect.stringContaining(reason) });
    }
  });

  it('cannot be told about when its registry does not answer', async () => {
    const image = await signedImage();
    const down = new LadingError('registry-unavailable', 'it does not answer');
    const registry = {
      ...image.registry,
      getManifest: () => Promise.reject(down),
      listReferrers: () => Promise.reject(down),
    };
    await expect(judgeOf({ ...image, registry }).judge(image.at)).rejects.toBe(down);
  });
});

describe('a verdict', () => {
  it.each(['gate-refused', 'verdict-lapsed', 'verdict-expired', 'verdict-unproven', 'algorithm-missing'] as const)(
    'that says no (%s) is not overruled by a signature',
    async (reason) => {
      const image = await signedImage();
      const inner: TrustJudge = { judge: async () => ({ kind: 'distrusted', reason, detail: 'no' }) };
      expect(await judgeOf(image, { inner }).judge(image.at)).toEqual({ kind: 'distrusted', reason, detail: 'no' });
    },
  );

  it('that says yes asks no registry', async () => {
    const image = await signedImage();
    const yes = { kind: 'trusted', keyIds: ['k'], validUntil: '2027-01-01T00:00:00.000Z' } as const;
    const judge = signatureJudge(
      { judge: async () => yes },
      {
        open: () => Promise.reject(new Error('nobody is to be asked')),
        revocations: { ask: () => Promise.reject(new Error('nobody is to be asked')) },
        clock: { now: () => NOW },
      },
      readNotationTrust(signatures()).trust,
    );
    expect(await judge.judge(image.at)).toBe(yes);
  });
});

describe('a trust policy that decides what may run', () => {
  it('enforces whose signature it is', () => {
    expect(enforcementFault(signatures())).toBeUndefined();
    expect(enforcementFault(signatures({ signatureVerification: { level: 'permissive' } }))).toBeUndefined();
    const lax = [
      { signatureVerification: { level: 'audit' } },
      { signatureVerification: { level: 'skip' }, trustStores: [], trustedIdentities: [] },
      { signatureVerification: { level: 'strict', override: { authenticity: 'log' } } },
    ];
    for (const change of lax) expect(enforcementFault(signatures(change))).toContain('does not enforce authenticity');
    expect(enforcementFault(signatures({ trustStores: ['ca:other'] }))).toContain('"ca:other" is not given');
    expect(enforcementFault({ ...signatures(), trustStores: { 'signingAuthority:aws': ['oops'] } })).toBeDefined();
  });

  it('says whether AWS Signer has to be asked', () => {
    const asks = (change: Readonly<Record<string, unknown>>) => readNotationTrust(signatures(change)).asksSigner;
    expect(asks({})).toBe(true);
    expect(asks({ trustedIdentities: ['x509.subject: C=US, ST=WA, O=Example'] })).toBe(false);
    expect(asks({ signatureVerification: { level: 'strict', override: { revocation: 'skip' } } })).toBe(false);
  });
});
