import { createPublicKey } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { parseManifest } from '../../../lib/formats/oci/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../../../lib/formats/sigstore-bundle/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { memorySignatures } from '../../../lib/signing/adapters/memory-signatures.ts';
import { imageSignedDraft, type Signer, type SignImagePorts, signImage } from '../../../lib/signing/index.ts';
import { newKey, pushImage } from './support.ts';

function setup(referrersApi = true) {
  const key = newKey();
  const registry = createMemoryRegistry({ referrersApi });
  const clock = manualClock('2026-05-05T10:00:00.750Z');
  const ports = { signer: key.signer, store: memorySignatures(), registry, clock };
  return { ...key, ...ports, ports };
}

const referrersOf = async (registry: Registry, digest: `sha256:${string}` | `sha512:${string}`) =>
  (await registry.listReferrers({ repository: 'app', digest })).descriptors;

describe.each([true, false])('signing an image (referrers API: %s)', (referrersApi) => {
  it('attaches one bundle in the form that cosign writes', async () => {
    const { ports, registry } = setup(referrersApi);
    const subject = await pushImage(registry);
    const outcome = await signImage(ports, { subject, decision: 'allow' });
    expect(outcome).toMatchObject({ kind: 'signed', again: false });
    const [referrer, ...more] = await referrersOf(registry, subject.digest);
    expect(more).toEqual([]);
    expect(referrer).toMatchObject({
      artifactType: SIGSTORE_BUNDLE_V03,
      annotations: {
        'dev.sigstore.bundle.content': 'dsse-envelope',
        'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1',
        'org.opencontainers.image.created': '2026-05-05T10:00:00Z',
      },
    });
    const fetched = await registry.getManifest({ repository: 'app', reference: referrer?.digest ?? '' });
    const manifest = parseManifest(fetched?.bytes ?? new Uint8Array());
    const image = await registry.headManifest({ repository: 'app', reference: subject.digest });
    expect(manifest.subject).toEqual(image);
    expect(manifest).toMatchObject({
      kind: 'artifact',
      config: { size: 2 },
      layers: [{ mediaType: SIGSTORE_BUNDLE_V03 }],
    });
  });

  it('signs once, however often it is asked and by however many', async () => {
    const { ports, registry, clock } = setup(referrersApi);
    const subject = await pushImage(registry);
    const first = await signImage(ports, { subject, decision: 'allow' });
    clock.advance(90_000);
    const rest = await Promise.all(Array.from({ length: 8 }, () => signImage(ports, { subject, decision: 'allow' })));
    for (const outcome of rest) expect(outcome).toEqual({ ...first, again: true });
    expect(await referrersOf(registry, subject.digest)).toHaveLength(1);
  });
});

describe('signing an image', () => {
  it('leaves nothing beside an image that was deleted, signed before or not', async () => {
    const { ports, registry } = setup();
    const subject = await pushImage(registry);
    const gone = { kind: 'not-signed', reason: 'image-gone' };
    await signImage(ports, { subject, decision: 'allow' });
    const [signature] = await referrersOf(registry, subject.digest);
    for (const digest of [subject.digest, signature?.digest ?? subject.digest])
      await registry.deleteManifest({ repository: subject.repository, digest });
    expect(await signImage(ports, { subject, decision: 'allow' })).toEqual(gone);
    expect(await referrersOf(registry, subject.digest)).toEqual([]);
  });

  it('lets workers that race agree on the recorded bytes', async () => {
    const { ports, registry } = setup();
    const subject = await pushImage(registry);
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, () => signImage(ports, { subject, decision: 'allow' })),
    );
    const digests = outcomes.map((one) => (one.kind === 'signed' ? one.signature.manifestDigest : 'none'));
    expect(new Set(digests).size).toBe(1);
    expect(await referrersOf(registry, subject.digest)).toHaveLength(1);
  });

  it('pushes the same bytes after a crash at any step', async () => {
    for (let crashAt = 0; crashAt < 4; crashAt++) {
      const { ports, registry } = setup();
      const subject = await pushImage(registry);
      let calls = 0;
      const crashing =
        <A, R>(call: (given: A) => Promise<R>, afterEffect: boolean) =>
        async (given: A): Promise<R> => {
          const now = calls++ === crashAt;
          if (now && !afterEffect) throw new Error('crash');
          const result = await call(given);
          if (now) throw new Error('crash');
          return result;
        };
      const broken: SignImagePorts = {
        ...ports,
        store: { ...ports.store, record: crashing(ports.store.record, true) },
        registry: {
          ...registry,
          putBlob: crashing(registry.putBlob, crashAt % 2 === 0),
          attachReferrer: crashing(registry.attachReferrer, true),
        },
      };
      await expect(signImage(broken, { subject, decision: 'allow' })).rejects.toThrow('crash');
      const recorded = await ports.store.get(subject, (await ports.signer.publicKey()).hint);
      const outcome = await signImage(ports, { subject, decision: 'allow' });
      expect(outcome).toEqual({ kind: 'signed', signature: recorded, again: true });
      const [referrer, ...more] = await referrersOf(registry, subject.digest);
      expect(more).toEqual([]);
      expect(referrer?.digest).toBe(recorded?.manifestDigest);
    }
  });

  it('signs nothing that the gate refused, and nothing that is gone', async () => {
    const { ports, registry } = setup();
    const subject = await pushImage(registry);
    for (const decision of ['deny', 'quarantine'] as const) {
      expect(await signImage(ports, { subject, decision })).toEqual({ kind: 'not-signed', reason: 'gate-refused' });
    }
    expect(await referrersOf(registry, subject.digest)).toEqual([]);
    const gone = { ...subject, digest: `sha256:${'0'.repeat(64)}` as const };
    expect(await signImage(ports, { subject: gone, decision: 'allow' })).toEqual({
      kind: 'not-signed',
      reason: 'image-gone',
    });
    expect(await ports.store.get(gone, (await ports.signer.publicKey()).hint)).toBeUndefined();
  });

  it('records nothing when the signer lies', async () => {
    const { ports, registry } = setup();
    const other = newKey().signer;
    const subject = await pushImage(registry);
    const lying: Signer = { ...ports.signer, sign: (payload) => other.sign(payload) };
    const attempt = signImage({ ...ports, signer: lying }, { subject, decision: 'allow' });
    await expect(attempt).rejects.toMatchObject({ code: 'signature-faulty' });
    expect(await signImage(ports, { subject, decision: 'allow' })).toMatchObject({ kind: 'signed', again: false });
  });

  it('signs again with another key', async () => {
    const { ports, registry } = setup();
    const subject = await pushImage(registry);
    await signImage(ports, { subject, decision: 'allow' });
    await signImage({ ...ports, signer: newKey().signer }, { subject, decision: 'allow' });
    expect(await referrersOf(registry, subject.digest)).toHaveLength(2);
  });

  it('makes the event that names the signature', async () => {
    const { ports, registry } = setup();
    const location = await pushImage(registry);
    const outcome = await signImage(ports, { subject: location, decision: 'allow' });
    if (outcome.kind !== 'signed') throw new Error('not signed');
    const subject = { ...location, mediaType: 'application/vnd.oci.image.manifest.v1+json', tags: ['latest'] };
    const draft = imageSignedDraft(subject, outcome.signature);
    expect(draft).toMatchObject({ source: 'lading.signing', detailType: 'Image Signed' });
    expect(draft.data).toMatchObject({ subject, signature: { digest: outcome.signature.manifestDigest } });
  });

  it('is accepted by the Sigstore project’s own verifier', async () => {
    const { ports, registry, publicPem } = setup();
    const subject = await pushImage(registry);
    const outcome = await signImage(ports, { subject, decision: 'allow' });
    if (outcome.kind !== 'signed') throw new Error('not signed');
    const bundle = bundleFromJSON(JSON.parse(Buffer.from(outcome.signature.bundle).toString('utf8')));
    const trust = toTrustMaterial(
      { mediaType: '', tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] } as never,
      () => ({ publicKey: createPublicKey(publicPem), validFor: () => true }) as never,
    );
    const options = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0, tsaThreshold: 0 } as never;
    expect(() => new Verifier(trust, options).verify(toSignedEntity(bundle))).not.toThrow();
    const wrong = toTrustMaterial(
      { mediaType: '', tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] } as never,
      () => ({ publicKey: createPublicKey(newKey().publicPem), validFor: () => true }) as never,
    );
    expect(() => new Verifier(wrong, options).verify(toSignedEntity(bundle))).toThrow();
  });
});
