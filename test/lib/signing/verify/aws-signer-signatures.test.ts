import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { parseCertificate } from '../../../../lib/formats/x509/index.ts';
import {
  askRevocations,
  type FetchedMaterial,
  parseNotationPolicy,
  type RevocationAnswer,
  type RevocationQuestion,
  type TrustMaterial,
  verify,
} from '../../../../lib/signing/index.ts';
import {
  awsSignerEnvelope,
  type EnvelopeChange,
  JOB,
  makeServiceChain,
  PROFILE,
  PROFILE_VERSION,
} from '../../../support/aws-signer-envelope.ts';
import { NOW, newImage, notationTrust, SIGNED } from './material.ts';

const service = makeServiceChain();
const other = 'arn:aws:signer:us-west-2:123456789012:/signing-profiles/another';

const trusting = (
  trustedIdentities: readonly string[],
  level: 'strict' | 'permissive' | 'audit' = 'strict',
  override?: Readonly<Record<string, string>>,
): TrustMaterial => ({
  keys: [],
  notation: notationTrust(
    service.root.der,
    {
      trustStores: ['signingAuthority:aws'],
      trustedIdentities: [...trustedIdentities],
      signatureVerification: { level, ...(override === undefined ? {} : { override }) },
    },
    new Map([['signingAuthority:aws', [service.root.der]]]),
  ),
});

/** AWS Signer as far as verification sees it; what it was asked is kept. */
function answering(answer: RevocationAnswer) {
  const asked: RevocationQuestion[] = [];
  const ask = async (question: RevocationQuestion): Promise<RevocationAnswer> => {
    asked.push(question);
    return answer;
  };
  return { asked, ask };
}
const good = { kind: 'good' } as const;

describe.each(['notation-jws', 'notation-cose'] as const)('a signature by AWS Signer as %s', (format) => {
  async function signed(change: EnvelopeChange = {}, by = service): Promise<FetchedMaterial> {
    const image = await newImage();
    const content = awsSignerEnvelope(format, image.descriptor, by, change);
    const artifact = { manifest: digestOf(content), format, content, annotations: new Map() };
    return { ...(await image.fetch()), artifacts: [artifact] };
  }

  async function judge(
    material: FetchedMaterial,
    trust: TrustMaterial,
    answer: RevocationAnswer = good,
    requirement = SIGNED,
  ) {
    const source = answering(answer);
    const result = verify(material, await askRevocations(material, trust, source), [requirement], NOW);
    return { ...result, asked: source.asked };
  }

  it.each([
    ['the profile', [PROFILE]],
    ['one version of it', [PROFILE_VERSION]],
    ['either, beside others', [other, 'x509.subject: C=US, ST=WA, O=Example', PROFILE]],
  ])('counts where the trust policy names %s', async (_, identities) => {
    const result = await judge(await signed(), trusting(identities));
    expect(result).toMatchObject({
      trusted: true,
      proofs: [{ signer: { name: 'signingAuthority:aws', profile: PROFILE }, warnings: [] }],
    });
    expect(result.proofs[0]?.signedAt).toBe('2026-05-01T00:00:00.000Z');
    expect(result.asked).toHaveLength(1);
    expect(result.asked[0]).toMatchObject({ profileVersion: PROFILE_VERSION, job: JOB });
    // Every certificate is named by its own hash and its issuer's, and the root by its own twice.
    const { certificates = [] } = result.asked[0] ?? {};
    expect(certificates).toHaveLength(4);
    certificates.forEach((one, i) => {
      expect(one).toMatch(/^[0-9a-f]{192}$/);
      expect(one.slice(96)).toBe((certificates[i + 1] ?? one).slice(0, 96));
    });
  });

  it.each([
    ['another profile', [other]],
    ['another version', [`${PROFILE}/AAAAAAAAAA`]],
    [
      'the subject of the certificate, which is the same for all of AWS',
      ['x509.subject: C=US, ST=WA, O=AWS, CN=AWS Signer'],
    ],
    ['anybody', ['*']],
  ])('does not where it names %s', async (_, identities) => {
    const result = await judge(await signed(), trusting(identities));
    expect(result).toMatchObject({ trusted: false, rejections: [{ reason: 'identity-differs' }], asked: [] });
  });

  it.each([
    ['the job', [JOB], 'signature-revoked'],
    ['the profile', [PROFILE_VERSION, 'f'.repeat(192)], 'signature-revoked'],
    ['a certificate', ['f'.repeat(192)], 'certificate-revoked'],
  ] as const)('is refused when %s is revoked', async (_, entities, reason) => {
    const material = await signed();
    const revoked = { kind: 'revoked', entities } as const;
    expect(await judge(material, trusting([PROFILE]), revoked)).toMatchObject({
      trusted: false,
      rejections: [{ reason }],
    });
    const { proofs } = await judge(material, trusting([PROFILE], 'permissive'), revoked);
    expect(proofs[0]?.warnings[0]).toContain(reason);
  });

  it('goes by the level where it cannot be told whether it is revoked', async () => {
    const material = await signed();
    const offline = { kind: 'unknown', detail: 'no network' } as const;
    expect(await judge(material, trusting([PROFILE]), offline)).toMatchObject({
      trusted: false,
      rejections: [{ reason: 'revocation-unknown', detail: 'no network' }],
    });
    for (const level of ['permissive', 'audit'] as const) {
      expect(await judge(material, trusting([PROFILE], level), offline)).toMatchObject({
        trusted: true,
        proofs: [{ warnings: ['revocation-unknown: no network'] }],
      });
    }
    const skipping = await judge(material, trusting([PROFILE], 'strict', { revocation: 'skip' }), offline);
    expect(skipping).toMatchObject({ trusted: true, proofs: [{ warnings: [] }], asked: [] });
    // Not having asked is not "not revoked".
    expect(verify(material, trusting([PROFILE]), [SIGNED], NOW)).toMatchObject({
      trusted: false,
      rejections: [{ reason: 'revocation-unknown' }],
    });
  });

  it.each<[string, EnvelopeChange, string]>([
    [
      'wants another plugin',
      { attributes: { 'io.cncf.notary.verificationPlugin': 'com.example.plugin' } },
      'plugin-unsupported',
    ],
    [
      'wants a later one',
      { attributes: { 'io.cncf.notary.verificationPluginMinVersion': '1.0.351' } },
      'plugin-unsupported',
    ],
    [
      'wants a version that is none',
      { attributes: { 'io.cncf.notary.verificationPluginMinVersion': '1.0' } },
      'malformed',
    ],
    ['has one more critical attribute', { attributes: { 'com.example.more': 'x' } }, 'critical-unknown'],
    [
      'does not name its plugin',
      { attributes: { 'io.cncf.notary.verificationPlugin': undefined } },
      'critical-unknown',
    ],
    ['names it with nothing', { attributes: { 'io.cncf.notary.verificationPlugin': ' ' } }, 'malformed'],
    ['names no profile', { attributes: { 'com.amazonaws.signer.signingProfileVersion': undefined } }, 'malformed'],
    [
      'names a profile without version',
      { attributes: { 'com.amazonaws.signer.signingProfileVersion': PROFILE } },
      'malformed',
    ],
    ['names a profile by a number', { attributes: { 'com.amazonaws.signer.signingProfileVersion': 7 } }, 'malformed'],
    ['names no job', { attributes: { 'com.amazonaws.signer.signingJob': undefined } }, 'malformed'],
    [
      'names something else as its job',
      { attributes: { 'com.amazonaws.signer.signingJob': PROFILE_VERSION } },
      'malformed',
    ],
    ['is past its end', { expiry: new Date('2026-05-31T00:00:00Z') }, 'signature-expired'],
  ])('is refused when it %s', async (_, change, reason) => {
    const result = await judge(await signed(change), trusting([PROFILE]));
    expect(result).toMatchObject({ trusted: false, proofs: [], rejections: [{ reason }] });
    // Of these, only one that is good but for its age may cost a question.
    if (reason !== 'signature-expired') expect(result.asked).toEqual([]);
  });

  it('is refused when its plugin is not marked critical', async () => {
    const critical = [
      'io.cncf.notary.signingScheme',
      'io.cncf.notary.authenticSigningTime',
      'io.cncf.notary.expiry',
      'com.amazonaws.signer.signingProfileVersion',
      'com.amazonaws.signer.signingJob',
    ];
    expect(await judge(await signed({ critical }), trusting([PROFILE]))).toMatchObject({
      trusted: false,
      rejections: [{ reason: 'malformed' }],
    });
  });

  it('may want an earlier release of the plugin', async () => {
    for (const version of ['1.0.0', '1.0.350', '1.0.350-rc.1', '0.9.999']) {
      const change = { attributes: { 'io.cncf.notary.verificationPluginMinVersion': version } };
      expect(await judge(await signed(change), trusting([PROFILE]))).toMatchObject({ trusted: true });
    }
  });

  it('costs no question when a stranger made it', async () => {
    const stranger = makeServiceChain();
    expect(await judge(await signed({}, stranger), trusting([PROFILE]))).toMatchObject({
      trusted: false,
      rejections: [{ reason: 'chain-untrusted' }],
      asked: [],
    });
    const { asked } = await judge(await signed({}, stranger), trusting([PROFILE], 'audit'));
    expect(asked).toEqual([]);
  });

  it('is refused when it is about another image, or was changed', async () => {
    const material = await signed();
    const elsewhere = await newImage('app', 'something else');
    const moved = { ...material, image: (await elsewhere.fetch()).image };
    expect(await judge(moved, trusting([PROFILE]))).toMatchObject({
      trusted: false,
      rejections: [{ reason: 'subject-differs' }],
      asked: [],
    });
  });

  it('was made while its certificate was valid, however long ago that ended', async () => {
    const shortLived = makeServiceChain({
      notBefore: new Date('2026-04-30T00:00:00Z'),
      notAfter: new Date('2026-05-03T00:00:00Z'),
    });
    const stores = new Map([['signingAuthority:aws', [parseCertificate(shortLived.root.der)]]]);
    const { notation } = trusting([PROFILE]);
    if (notation === undefined) throw new Error('there is a trust policy');
    const trust = { keys: [], notation: { ...notation, stores } };
    expect(await judge(await signed({}, shortLived), trust)).toMatchObject({ trusted: true });
    const late = await signed({ signedAt: new Date('2026-05-04T00:00:00Z') }, shortLived);
    expect(await judge(late, trust)).toMatchObject({ rejections: [{ reason: 'certificate-expired' }] });
  });

  it('counts by its profile, since all profiles have one certificate', async () => {
    const two = { ...SIGNED, threshold: 2 };
    const [one, again] = [await signed(), await signed({ signedAt: new Date('2026-05-02T00:00:00Z') })];
    const beside = await signed({
      attributes: { 'com.amazonaws.signer.signingProfileVersion': `${other}/AAAAAAAAAA` },
    });
    const trust = trusting([PROFILE, other]);
    const both = { ...one, artifacts: [...one.artifacts, ...beside.artifacts] };
    expect(await judge(both, trust, good, two)).toMatchObject({ trusted: true });
    const same = { ...one, artifacts: [...one.artifacts, ...again.artifacts] };
    expect(await judge(same, trust, good, two)).toMatchObject({
      trusted: false,
      requirements: [{ unmet: { reason: 'threshold-not-met' } }],
    });
  });
});

describe('a trust policy', () => {
  it('names profiles by whole ARNs', () => {
    const policy = (identity: string) => ({
      version: '1.0',
      trustPolicies: [
        {
          name: 'all',
          registryScopes: ['*'],
          signatureVerification: { level: 'strict' },
          trustStores: ['signingAuthority:aws'],
          trustedIdentities: [identity],
        },
      ],
    });
    expect(() => parseNotationPolicy(policy(PROFILE_VERSION))).not.toThrow();
    for (const wrong of [`${PROFILE}/*`, JOB, 'arn:aws:signer:us-west-2:1:/signing-profiles/x']) {
      expect(() => parseNotationPolicy(policy(wrong))).toThrow(expect.objectContaining({ code: 'trust-invalid' }));
    }
  });
});
