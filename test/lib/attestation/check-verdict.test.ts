import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { algorithmUseAt, attestImage, checkVerdict } from '../../../lib/attestation/index.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { parseVerificationKey, type Signer } from '../../../lib/signing/index.ts';
import { classicSigner, NOW, quantumSigner, scanned, setting, trustOf, verdictOf } from './support.ts';

const verificationKey = async (signer: Signer) => parseVerificationKey((await signer.publicKey()).spki);

async function standing(signers: readonly Signer[] = [classicSigner()], trust = trustOf()) {
  const { ports, documents, subject } = await setting({ signers });
  const verdict = verdictOf(subject, await scanned(documents, subject.digest));
  const outcome = await attestImage(ports, { subject, verdict, version: 'v1' }, trust);
  if (outcome.kind !== 'attested') throw new Error(outcome.kind);
  const keys = await Promise.all(signers.map(verificationKey));
  const options = { keys, verifier: 'urn:lading:gate', use: 'classic', now: new Date(NOW) } as const;
  return { verdict: outcome.verdict, digest: subject.digest, options, keys };
}

describe('whether a verdict lets an image run', () => {
  it('yes, while it holds', async () => {
    const { verdict, digest, options } = await standing();
    expect(checkVerdict(digest, verdict, options)).toMatchObject({
      kind: 'trusted',
      validUntil: '2026-03-31T12:00:00.000Z',
    });
  });

  it('no, each time for its own reason', async () => {
    const { verdict, digest, options } = await standing();
    const reason = (...args: Parameters<typeof checkVerdict>): string => {
      const decision = checkVerdict(...args);
      return decision.kind === 'trusted' ? 'trusted' : decision.reason;
    };
    expect(reason(digest, undefined, options)).toBe('no-verdict');
    expect(reason(digest, { ...verdict, state: 'lapsed' }, options)).toBe('verdict-lapsed');
    expect(reason(digest, verdict, { ...options, now: new Date('2026-03-31T12:00:00Z') })).toBe('verdict-expired');
    expect(reason(digestOf('another'), verdict, options)).toBe('verdict-unproven');
    expect(reason(digest, verdict, { ...options, keys: [] })).toBe('verdict-unproven');
    expect(reason(digest, verdict, { ...options, keys: [await verificationKey(classicSigner())] })).toBe(
      'verdict-unproven',
    );
    expect(reason(digest, verdict, { ...options, verifier: 'urn:someone:else' })).toBe('verdict-unproven');
    expect(reason(digest, verdict, { ...options, use: 'both' })).toBe('algorithm-missing');
    expect(reason(digest, verdict, { ...options, use: 'pq' })).toBe('algorithm-missing');
  });

  it('believes the signed bytes, and nothing that is written around them', async () => {
    const { verdict, digest, options } = await standing();
    const forged = { ...verdict, validUntil: '2099-01-01T00:00:00.000Z', decision: 'allow' as const };
    const late = { ...options, now: new Date('2027-01-01T00:00:00Z') };
    expect(checkVerdict(digest, forged, late)).toMatchObject({ reason: 'verdict-expired' });
  });

  it('asks for both families where the rule does, and takes either of two good ones where it does not', async () => {
    const trust = trustOf({ algorithms: [{ use: 'both', from: '2026-01-01T00:00:00Z' }] });
    const { verdict, digest, options, keys } = await standing([classicSigner(), quantumSigner()], trust);
    for (const use of ['classic', 'both', 'pq'] as const)
      expect(checkVerdict(digest, verdict, { ...options, use }).kind).toBe('trusted');
    // The classic key is revoked: what is left is post-quantum alone.
    const left = { ...options, keys: keys.slice(1) };
    expect(checkVerdict(digest, verdict, { ...left, use: 'both' })).toMatchObject({ reason: 'algorithm-missing' });
    expect(checkVerdict(digest, verdict, { ...left, use: 'pq' }).kind).toBe('trusted');
  });

  it('never takes a bundle with a changed byte', async () => {
    const { verdict, digest, options } = await standing();
    const [statement] = verdict.statements;
    if (!statement) throw new Error('no statement');
    fc.assert(
      fc.property(fc.nat(statement.bundle.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bundle = new Uint8Array(statement.bundle);
        bundle[at] = (bundle[at] ?? 0) ^ change;
        const decision = checkVerdict(digest, { ...verdict, statements: [{ ...statement, bundle }] }, options);
        // The hint is the bundle's own word and proves nothing; every other byte counts.
        const text = Buffer.from(statement.bundle).toString();
        const hint = text.indexOf('"hint":"');
        const isHint = at >= hint && at < hint + 60;
        expect(decision.kind === 'distrusted' || isHint).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the rule on algorithms', () => {
  const rules = trustOf({
    algorithms: [
      { use: 'pq', from: '2030-01-01T00:00:00Z' },
      { use: 'both', from: '2026-06-01T00:00:00Z' },
    ],
  });
  it.each([
    ['2026-05-31T23:59:59Z', 'classic'],
    ['2026-06-01T00:00:00Z', 'both'],
    ['2029-12-31T23:59:59Z', 'both'],
    ['2030-01-01T00:00:00Z', 'pq'],
  ])('holds from its day: at %s it is %s', (now, use) => {
    expect(algorithmUseAt(rules, new Date(now))).toBe(use);
  });
});
