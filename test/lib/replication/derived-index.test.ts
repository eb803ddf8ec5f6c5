import { describe, expect, it } from 'vitest';
import { verdictJudge } from '../../../lib/admission/index.ts';
import { attestImage } from '../../../lib/attestation/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { imageReplicated } from '../../../lib/events/index.ts';
import { createIndex, type Descriptor, encodeManifest, parseManifest } from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { replicationConfigSchema } from '../../../lib/replication/config.ts';
import { checkDerivation, imageTargets, replicateToTarget } from '../../../lib/replication/index.ts';
import { memorySignatures } from '../../../lib/signing/adapters/memory-signatures.ts';
import { parseVerificationKey, signImage, verifyImage } from '../../../lib/signing/index.ts';
import { NOW, scanned, setting, trustOf, verdictOf } from '../attestation/support.ts';

const REPOSITORY = 'team/app';
const platforms = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64' },
];

async function pushIndex(registry: Registry): Promise<Digest> {
  const images: Descriptor[] = [];
  for (const platform of platforms) {
    const text = Buffer.from(JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [] } }));
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(text), size: text.length };
    await registry.putBlob({ repository: REPOSITORY, ...config, content: text });
    const { digest, mediaType, size, bytes } = encodeManifest({ config, layers: [] });
    await registry.putManifest({ repository: REPOSITORY, reference: digest, mediaType, bytes });
    images.push({ mediaType, digest, size, platform });
  }
  const index = createIndex(images);
  const { mediaType, bytes, digest } = index;
  await registry.putManifest({ repository: REPOSITORY, reference: 'v1', mediaType, bytes });
  return digest;
}

async function copied() {
  const given = await setting({ registry: createMemoryRegistry({ host: 'source.example' }) });
  const source = given.registry;
  const target = createMemoryRegistry({ host: 'edge.example' });
  const digest = await pushIndex(source);
  const original = { registry: source.host, repository: REPOSITORY, digest };
  const subject = { ...original, mediaType: 'application/vnd.oci.image.index.v1+json', tags: ['v1'] };
  const config = replicationConfigSchema.parse({
    rules: [{ name: 'arm', from: source.host, platforms: ['linux/arm64'], to: [{ registry: target.host }] }],
  });
  const [to] = imageTargets(config, subject, { tags: ['v1'], verdict: 'allow' });
  if (to === undefined) throw new Error('no rule takes it');
  const replicas = memoryReplicas();
  const drafts = await replicateToTarget(
    {
      ...{ replicas, clock: manualClock(NOW), bytes: { take: async () => 0 } },
      registries: { open: async (host) => (host === source.host ? source : target) },
      ...{ pause: async () => undefined, note: () => undefined },
    },
    subject,
    to,
    { lane: 'usual', largeBytes: 1e9, mayGoOn: () => true, part: 0 },
  );
  const told = imageReplicated.data.parse(drafts?.[0]?.data);
  if (told.derived === undefined) throw new Error('nothing was derived');
  const derived = { registry: target.host, repository: REPOSITORY, digest: told.derived };
  return { ...given, source, target, replicas, original, subject, derived };
}

describe('a copy with fewer platforms', () => {
  it('is vouched for where it is made of nothing but the original, and its signature verifies', async () => {
    const { source, target, original, derived, signers } = await copied();
    expect(await checkDerivation({ source, target }, original, derived)).toBe('derived');
    const [signer] = signers;
    if (signer === undefined) throw new Error('no signer');
    const key = parseVerificationKey((await signer.publicKey()).spki);
    expect((await verifyImage(target, derived, [key])).kind).toBe('unsigned');
    const ports = { signer, store: memorySignatures(), registry: target, clock: manualClock(NOW) };
    await signImage(ports, { subject: derived, decision: 'allow' });
    expect((await verifyImage(target, derived, [key])).kind).toBe('verified');
  });

  it('is not vouched for where anything else is in it, or it says to be of another image', async () => {
    const { source, target, original, derived } = await copied();
    const found = await target.getManifest({ repository: REPOSITORY, reference: derived.digest });
    const index = found && parseManifest(found.bytes, found.mediaType);
    if (index?.kind !== 'index') throw new Error('no index');
    const [arm] = index.manifests;
    if (arm === undefined) throw new Error('no image');
    const other = { ...arm, platform: platforms[0] } as Descriptor;
    const fakes = [
      createIndex([arm, other], index.annotations),
      createIndex([other], index.annotations),
      createIndex([], index.annotations),
      createIndex([arm]),
      createIndex([arm], { ...index.annotations, 'dev.lading.derived.from': derived.digest }),
    ];
    for (const fake of fakes) {
      await target.putManifest({ repository: REPOSITORY, reference: fake.digest, ...fake });
      const at = { ...derived, digest: fake.digest };
      expect(await checkDerivation({ source, target }, original, at)).toBe('not-derived');
    }
    const image = { ...derived, digest: arm.digest };
    expect(await checkDerivation({ source, target }, original, image)).toBe('not-derived');
    await source.deleteManifest({ repository: REPOSITORY, digest: original.digest });
    expect(await checkDerivation({ source, target }, original, derived)).toBe('gone');
  });

  it('is admitted by the verdict on the whole index, and by no other', async () => {
    const { ports, documents, subject, derived, replicas, signers, board, clock } = await copied();
    const verdict = verdictOf(subject, await scanned(documents, subject.digest));
    const key = parseVerificationKey((await signers[0]?.publicKey())?.spki ?? '');
    const judge = verdictJudge(
      {
        board,
        async sourceOf(image) {
          const record = await replicas.find(image);
          return record && { ...record.source, digest: record.derivedFrom ?? record.source.digest };
        },
        ...{ keys: async () => [key], clock },
      },
      { verifier: 'urn:lading:gate', useAt: () => 'classic' },
    );
    expect(await judge.judge(derived)).toMatchObject({ kind: 'distrusted' });
    await attestImage(ports, { subject, verdict, version: 'v1' }, trustOf());
    expect(await judge.judge(derived)).toMatchObject({ kind: 'trusted' });
    expect(await judge.judge({ ...derived, digest: digestOf('other') })).toMatchObject({ kind: 'distrusted' });
  });
});
