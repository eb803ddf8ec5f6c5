import { describe, expect, it } from 'vitest';
import { attestImage, checkVerdict, predicateTypes } from '../../../lib/attestation/index.ts';
import { readSummary, statementOf } from '../../../lib/attestation/read-summary.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { saveJson } from '../../../lib/documents/index.ts';
import { imageAttested } from '../../../lib/events/index.ts';
import { COSIGN_SIGN_PREDICATE, parseVerificationKey, verifyBundle } from '../../../lib/signing/index.ts';
import { classicSigner, NOW, quantumSigner, referrersOf, scanned, setting, trustOf, verdictOf } from './support.ts';

const both = trustOf({ algorithms: [{ use: 'both', from: '2026-01-01T00:00:00Z' }] });

describe('what is said of an image', () => {
  it('is its SBOM, its scan and the verdict, each once, however often it is asked for', async () => {
    const { ports, registry, documents, subject, location } = await setting();
    const verdict = verdictOf(subject, await scanned(documents, subject.digest));
    const request = { subject, verdict, version: 'v1' };
    const first = await attestImage(ports, request, trustOf());
    const before = await referrersOf(registry, location);
    expect(before.map(({ predicateType }) => predicateType).sort()).toEqual(
      [predicateTypes.cyclonedx, predicateTypes.vulnerabilities, predicateTypes.verdict, COSIGN_SIGN_PREDICATE].sort(),
    );
    for (let i = 0; i < 20; i++) expect(await attestImage(ports, request, trustOf())).toEqual(first);
    expect(await referrersOf(registry, location)).toEqual(before);
    expect(first.kind === 'attested' && imageAttested.data.parse(first.event.data)).toMatchObject({
      subject,
      validUntil: '2026-03-31T12:00:00.000Z',
      superseded: [],
      tooLarge: [],
    });
  });

  it('is signed by our key, about exactly this digest, in a summary with policy, inputs, snapshot and end', async () => {
    const { ports, signers, documents, subject } = await setting();
    const scan = await scanned(documents, subject.digest);
    const snapshot = digestOf('snapshot');
    const verdict = verdictOf(subject, scan, { snapshot });
    const outcome = await attestImage(ports, { subject, verdict, version: 'v1' }, trustOf());
    if (outcome.kind !== 'attested') throw new Error(outcome.kind);
    const [statement] = outcome.verdict.statements;
    const key = parseVerificationKey((await signers[0]?.publicKey())?.spki ?? '');
    const checked = verifyBundle(statement?.bundle ?? new Uint8Array(), [key], subject.digest, predicateTypes.verdict);
    expect(checked.kind).toBe('valid');
    expect(checked.kind === 'valid' && JSON.parse(JSON.stringify(checked.statement.predicate))).toEqual({
      verifier: { id: 'urn:lading:gate', version: { lading: '1' } },
      timeVerified: NOW,
      resourceUri: `pkg:oci/app@sha256%3A${subject.digest.slice(7)}?repository_url=memory.example%2Fteam%2Fapp`,
      policy: { uri: 'urn:lading:policy:default', digest: { sha256: digestOf('policy').slice(7) } },
      inputAttestations: [
        { uri: predicateTypes.cyclonedx, digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
        { uri: predicateTypes.vulnerabilities, digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      ],
      verificationResult: 'PASSED',
      verifiedLevels: ['SLSA_BUILD_LEVEL_0'],
      slsaVersion: '1.0',
      'urn:lading:verdict:v1': {
        decision: 'allow',
        reasons: [],
        validUntil: '2026-03-31T12:00:00.000Z',
        inputs: verdict.inputs.digest,
        scan,
        advisorySnapshot: snapshot,
      },
    });
  });

  it('says no of an image that the gate refused, and nothing else', async () => {
    const { ports, registry, documents, subject, location, signers } = await setting({ signers: [] });
    const signer = classicSigner();
    const verdict = verdictOf(subject, await scanned(documents, subject.digest), {
      decision: 'deny',
      reasons: ['bad'],
    });
    const outcome = await attestImage({ ...ports, signers: [signer] }, { subject, verdict, version: 'v1' }, trustOf());
    expect(signers).toEqual([]);
    expect((await referrersOf(registry, location)).map(({ predicateType }) => predicateType)).toEqual([
      predicateTypes.verdict,
    ]);
    if (outcome.kind !== 'attested') throw new Error(outcome.kind);
    const bundle = outcome.verdict.statements[0]?.bundle ?? new Uint8Array();
    expect(readSummary(statementOf(bundle).predicate)).toMatchObject({ result: 'FAILED', levels: ['FAILED'] });
    const key = parseVerificationKey((await signer.publicKey()).spki);
    const options = { keys: [key], verifier: 'urn:lading:gate', use: 'classic', now: new Date(NOW) } as const;
    expect(checkVerdict(subject.digest, outcome.verdict, options)).toMatchObject({ reason: 'gate-refused' });
  });

  it('takes the place of what was said before: old scan and verdict leave, signatures and SBOM stay', async () => {
    const { ports, registry, documents, subject, location } = await setting();
    const old = verdictOf(subject, await scanned(documents, subject.digest, 1));
    await attestImage(ports, { subject, verdict: old, version: 'v1' }, trustOf());
    const before = await referrersOf(registry, location);
    const scan = await scanned(documents, subject.digest, 2);
    const news = verdictOf(subject, scan, { asOf: '2026-03-01T12:30:00.000Z' });
    const outcome = await attestImage(ports, { subject, verdict: news, version: 'v2' }, trustOf());
    const after = await referrersOf(registry, location);
    expect(after).toHaveLength(before.length);
    const left = before.filter(({ digest }) => !after.some((one) => one.digest === digest));
    expect(left.map(({ predicateType }) => predicateType).sort()).toEqual(
      [predicateTypes.vulnerabilities, predicateTypes.verdict].sort(),
    );
    expect(outcome.kind === 'attested' && imageAttested.data.parse(outcome.event.data).superseded.toSorted()).toEqual(
      left.map(({ digest }) => digest).sort(),
    );
    // The older verdict, told late, changes nothing.
    expect(await attestImage(ports, { subject, verdict: old, version: 'v1' }, trustOf())).toEqual({
      kind: 'superseded',
    });
    expect(await referrersOf(registry, location)).toEqual(after);
  });

  it('is said under both families where the rule of the day asks for both, over the same payload', async () => {
    const signers = [classicSigner(), quantumSigner()];
    const { ports, documents, subject, crypto } = await setting({ signers });
    const verdict = verdictOf(subject, await scanned(documents, subject.digest));
    const outcome = await attestImage(ports, { subject, verdict, version: 'v1' }, both);
    if (outcome.kind !== 'attested') throw new Error(outcome.kind);
    const { attestations } = imageAttested.data.parse(outcome.event.data);
    const algorithmsOf = (type: string) =>
      attestations.filter(({ predicateType }) => predicateType === type).map(({ algorithm }) => algorithm);
    for (const type of [predicateTypes.cyclonedx, predicateTypes.vulnerabilities, predicateTypes.verdict])
      expect(algorithmsOf(type)).toEqual(['ecdsa-p256-sha256', 'ml-dsa-65']);
    // The classic signature is that of the fast path.
    expect(algorithmsOf(COSIGN_SIGN_PREDICATE)).toEqual(['ml-dsa-65']);
    const [classic, quantum] = outcome.verdict.statements.map(({ bundle }) => statementOf(bundle));
    expect(classic).toEqual(quantum);
    expect((await crypto.of(subject)).map(({ algorithm }) => algorithm).sort()).toEqual([
      'ecdsa-p256-sha256',
      'ml-dsa-65',
    ]);
  });

  it('holds what CI gave of provenance and tests', async () => {
    const { ports, registry, documents, materials, subject, location } = await setting();
    for (const kind of ['provenance', 'tests'] as const) {
      const document = await saveJson(documents, 'attestations/given', { given: kind });
      const { registry: host, repository, digest } = location;
      await materials.add({
        subject: { registry: host, repository, digest },
        kind,
        document,
        source: 'ci',
        receivedAt: NOW,
      });
    }
    const verdict = verdictOf(subject, await scanned(documents, subject.digest));
    await attestImage(ports, { subject, verdict, version: 'v1' }, trustOf());
    const types = (await referrersOf(registry, location)).map(({ predicateType }) => predicateType);
    expect(types).toEqual(expect.arrayContaining([predicateTypes.provenance, predicateTypes.tests]));
  });

  it('leaves alone an image that is gone', async () => {
    const { ports, documents, subject } = await setting();
    const gone = { ...subject, digest: digestOf('gone') };
    const verdict = verdictOf(gone, await scanned(documents, gone.digest));
    expect(await attestImage(ports, { subject: gone, verdict, version: 'v1' }, trustOf())).toEqual({
      kind: 'image-gone',
    });
  });

  it('signs in two different ways at different times, and pushes what was recorded first', async () => {
    const { ports, registry, documents, subject, location, clock } = await setting();
    const verdict = verdictOf(subject, await scanned(documents, subject.digest));
    let broken = true;
    const failing = {
      ...registry,
      attachReferrer: async (...args: Parameters<typeof registry.attachReferrer>) => {
        if (broken) throw new Error('connection lost');
        return registry.attachReferrer(...args);
      },
    };
    const request = { subject, verdict, version: 'v1' };
    await expect(attestImage({ ...ports, registry: failing }, request, trustOf())).rejects.toThrow('connection lost');
    broken = false;
    clock.advance(90_000);
    const outcome = await attestImage({ ...ports, registry: failing }, request, trustOf());
    const cyclonedx = (await referrersOf(registry, location)).filter(
      (one) => one.predicateType === predicateTypes.cyclonedx,
    );
    expect(cyclonedx).toHaveLength(1);
    expect(outcome.kind).toBe('attested');
  });
});
