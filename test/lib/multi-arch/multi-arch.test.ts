import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import {
  createIndex,
  type Descriptor,
  encodeManifest,
  OCI_IMAGE_CONFIG,
  OCI_LAYER_TAR,
} from '../../../lib/formats/oci/index.ts';
import { assembleIndex, checkIndex, comparePlatforms } from '../../../lib/multi-arch/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { type Registry, walkClosedGraph } from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { deriveIndex, replicateImage } from '../../../lib/replication/index.ts';
import { codeOf } from '../../contract/registry.contract.ts';

const repository = 'team/app';
type Platform = NonNullable<Descriptor['platform']>;

async function pushFor(registry: Registry, platform: Partial<Platform>, tag?: string): Promise<Descriptor> {
  const put = async (mediaType: string, content: Uint8Array): Promise<Descriptor> => {
    const digest = digestOf(content);
    await registry.putBlob({ repository, digest, size: content.length, content });
    return { mediaType, digest, size: content.length };
  };
  const image = encodeManifest({
    config: await put(
      OCI_IMAGE_CONFIG,
      Buffer.from(JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [] } })),
    ),
    layers: [await put(OCI_LAYER_TAR, randomBytes(100))],
  });
  const { digest, mediaType, size, bytes } = image;
  await registry.putManifest({ repository, reference: tag ?? digest, mediaType, bytes });
  return { mediaType, digest, size };
}

const amd64: Platform = { os: 'linux', architecture: 'amd64' };
const arm64: Platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };

describe('an index of images that were pushed apart', () => {
  it('is the same whatever the order, says what the images were built for, and is whole', async () => {
    const registry = createMemoryRegistry();
    await pushFor(registry, arm64, 'v1-arm');
    await pushFor(registry, amd64, 'v1-x86');
    const parts = ['v1-arm', 'v1-x86'].map((reference) => ({ reference }));
    const { index, platforms } = await assembleIndex(registry, repository, parts);
    expect(platforms.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64/v8']);
    expect((await assembleIndex(registry, repository, [...parts].reverse())).index.digest).toBe(index.digest);
    await registry.putManifest({ repository, reference: 'v1', mediaType: index.mediaType, bytes: index.bytes });
    expect(await checkIndex(registry, { repository, reference: 'v1' })).toEqual({
      digest: index.digest,
      platforms: ['linux/amd64', 'linux/arm64'],
      problems: [],
    });
    // An index is a part, too.
    const riscv = await pushFor(registry, { os: 'linux', architecture: 'riscv64' });
    const more = await assembleIndex(registry, repository, [{ reference: 'v1' }, { reference: riscv.digest }]);
    expect(more.platforms).toHaveLength(3);
  });

  it('is refused where two are for one platform, or one says none', async () => {
    const registry = createMemoryRegistry();
    const twice = [await pushFor(registry, arm64), await pushFor(registry, { os: 'linux', architecture: 'arm64' })];
    const parts = twice.map(({ digest }) => ({ reference: digest }));
    expect(await codeOf(assembleIndex(registry, repository, parts))).toBe('platform-twice');
    const none = await pushFor(registry, {});
    expect(await codeOf(assembleIndex(registry, repository, [{ reference: none.digest }]))).toBe('platform-unknown');
    expect(await codeOf(assembleIndex(registry, repository, [{ reference: 'no' }]))).toBe('manifest-unknown');
    expect(await codeOf(checkIndex(registry, { repository, reference: none.digest }))).toBe('not-an-index');
  });
});

describe('an index that is not what it says', () => {
  it('is told with each of its faults', async () => {
    const registry = createMemoryRegistry();
    const right = await pushFor(registry, amd64);
    const wrong = await pushFor(registry, arm64);
    const bare = await pushFor(registry, { os: 'linux', architecture: 's390x' });
    const again = await pushFor(registry, amd64);
    const unknown = { os: 'unknown', architecture: 'unknown' };
    const astray = await pushFor(registry, unknown);
    const lost = { ...right, digest: digestOf('lost') };
    const index = createIndex([
      { ...right, platform: amd64 },
      { ...wrong, platform: { os: 'linux', architecture: 'ppc64le' } },
      bare,
      { ...again, platform: amd64 },
      { ...astray, platform: unknown, annotations: { 'vnd.docker.reference.digest': digestOf('else') } },
      { ...lost, platform: { os: 'linux', architecture: 'mips' } },
      { ...wrong, size: wrong.size + 1, platform: arm64 },
    ]);
    const lax: Registry = {
      ...registry,
      getManifest: async (at) => (at.reference === 'v1' ? { ...index } : registry.getManifest(at)),
    };
    const { problems } = await checkIndex(lax, { repository, reference: 'v1' });
    const kinds = problems.map(({ kind, digest }): [string, Digest] => [kind, digest]);
    expect(kinds).toEqual([
      ['platform-wrong', wrong.digest],
      ['platform-absent', bare.digest],
      ['attestation-astray', astray.digest],
      ['missing', lost.digest],
      ['descriptor-wrong', wrong.digest],
      ['platform-twice', again.digest],
    ]);
  });
});

describe('a copy with only some platforms', () => {
  it('is another index, of the same images, that says what it was made of', async () => {
    const source = createMemoryRegistry({ host: 'source.example' });
    const target = createMemoryRegistry({ host: 'target.example' });
    const images = [await pushFor(source, amd64), await pushFor(source, arm64)];
    const original = createIndex([
      { ...(images[0] as Descriptor), platform: amd64 },
      { ...(images[1] as Descriptor), platform: arm64 },
    ]);
    await source.putManifest({ repository, reference: 'v1', mediaType: original.mediaType, bytes: original.bytes });
    const of = { repository, digest: original.digest };
    const derived = await deriveIndex(source, of, ['linux/arm64']);
    expect(derived?.digest).not.toBe(original.digest);
    expect((await deriveIndex(source, of, ['linux/arm64']))?.digest).toBe(derived?.digest);
    expect(await deriveIndex(source, of, ['**'])).toBeUndefined();
    expect(await deriveIndex(source, of, ['windows/*'])).toBeUndefined();
    expect(await deriveIndex(source, { repository, digest: images[0]?.digest as Digest }, ['linux/*'])).toBeUndefined();
    if (derived === undefined) throw new Error('nothing was derived');
    const result = await replicateImage(
      { source: derived.reader, target, replicas: memoryReplicas(), clock: manualClock() },
      {
        source: { registry: source.host, repository, digest: derived.digest },
        target: { registry: target.host, repository },
        tags: ['v1'],
      },
    );
    expect(result).toMatchObject({ kind: 'replicated', tags: ['v1'] });
    expect((await target.headManifest({ repository, reference: 'v1' }))?.digest).toBe(derived.digest);
    expect(await target.headManifest({ repository, reference: images[0]?.digest ?? '' })).toBeUndefined();
    const graph = await walkClosedGraph(target, { repository, digest: derived.digest });
    const record = graph?.nodes.find(({ manifest }) => manifest.subject?.digest === derived.digest);
    expect(record?.manifest.annotations).toEqual({ 'dev.lading.derived.from': original.digest });
    expect(await checkIndex(target, { repository, reference: 'v1' })).toMatchObject({ problems: [] });
  });
});

describe('the images of an index, side by side', () => {
  const pkg = (name: string, version: string) => ({ type: 'deb', name, version });
  it('differ in packages, versions and findings, and what is not known is told', () => {
    const report = comparePlatforms([
      {
        ...{ platform: 'linux/amd64', bytes: 10 },
        packages: [pkg('libc', '1'), pkg('ssl', '3'), pkg('kernel', '1'), pkg('kernel', '2')],
        findings: [{ id: 'CVE-1', package: 'ssl', severity: 'high' }],
      },
      {
        ...{ platform: 'linux/arm64', bytes: 9 },
        packages: [pkg('libc', '1'), pkg('ssl', '4'), pkg('kernel', '2'), pkg('kernel', '1')],
        findings: [],
      },
      { platform: 'linux/s390x', bytes: 0, packages: undefined, findings: undefined },
    ]);
    expect(report.unknown).toEqual(['linux/s390x']);
    expect(report.differences.map(({ kind, name, on }) => [kind, name, Object.fromEntries(on)])).toEqual([
      ['finding', 'CVE-1 in ssl', { 'linux/amd64': 'high' }],
      ['version', 'deb ssl', { 'linux/amd64': '3', 'linux/arm64': '4' }],
    ]);
  });
});
