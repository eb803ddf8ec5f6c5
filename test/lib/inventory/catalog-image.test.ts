import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { catalogImage } from '../../../lib/inventory/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';

const repository = 'team/app';
const host = 'r.example';
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function setup(replicaOf?: string) {
  const registry = createMemoryRegistry({ host });
  const catalog = memoryCatalog();
  const clock = manualClock('2026-02-02T00:00:00.000Z');
  const ports = { registry, catalog, clock, replicas: { sourceOf: async () => replicaOf } };
  const put = async (mediaType: string, value: unknown) => {
    const bytes = bytesOf(value);
    const { digest } = await registry.putManifest({ repository, reference: digestOf(bytes), mediaType, bytes });
    return digest;
  };
  const blob = async (mediaType: string, content: Buffer) => {
    const digest = digestOf(content);
    await registry.putBlob({ repository, digest, size: content.length, content });
    return { mediaType, digest, size: content.length };
  };
  return { ports, registry, catalog, put, blob };
}

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const pushed = { registry: host, repository, tags: ['1'], pushedAt: '2026-02-01T00:00:00.000Z' };

async function image(given: ReturnType<typeof setup>, config: object = {}) {
  const described = await given.blob(
    'application/vnd.oci.image.config.v1+json',
    bytesOf({
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
      created: '2020-01-01T00:00:00Z',
      config: { Labels: { 'org.opencontainers.image.title': 'x' } },
      rootfs: { type: 'layers', diff_ids: [] },
      ...config,
    }),
  );
  const layer = await given.blob('application/vnd.oci.image.layer.v1.tar+gzip', Buffer.from('layer'));
  return given.put(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: described,
    layers: [layer, layer],
  });
}

const cataloged = async (...args: Parameters<typeof catalogImage>) => (await catalogImage(...args)) ?? [];

describe('cataloguing', () => {
  it('enters an image with platform, labels and the bytes that it really has', async () => {
    const given = setup();
    const digest = await image(given);
    const [event] = await cataloged(given.ports, { ...pushed, digest });
    const entry = await given.catalog.find({ registry: host, repository, digest });
    const manifestSize = (await given.registry.headManifest({ repository, reference: digest }))?.size ?? 0;
    const configSize = entry?.config?.size ?? 0;
    expect(entry).toMatchObject({
      artifactClass: 'image',
      platform: 'linux/arm64/v8',
      labels: { 'org.opencontainers.image.title': 'x' },
      created: '2020-01-01T00:00:00Z',
      sizeBytes: manifestSize + configSize + 'layer'.length,
      firstSeenAt: '2026-02-02T00:00:00.000Z',
    });
    expect(event).toMatchObject({
      detailType: 'Image Cataloged',
      data: { artifactClass: 'image', subject: { digest, platform: 'linux/arm64/v8', tags: ['1'] }, layers: 2 },
    });
  });

  it('enters an index with its children and their platforms', async () => {
    const given = setup();
    const child = await image(given);
    const digest = await given.put(OCI_INDEX, {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [
        { mediaType: OCI_MANIFEST, digest: child, size: 1, platform: { os: 'linux', architecture: 'arm64' } },
      ],
    });
    const [event] = await cataloged(given.ports, { ...pushed, digest });
    expect(event).toMatchObject({
      data: { artifactClass: 'index', children: [{ digest: child, platform: 'linux/arm64' }] },
    });
    expect(await given.catalog.parentsOf({ registry: host, repository, digest: child })).toEqual([digest]);
  });

  it('tells a signature by its manifest, and what it is about', async () => {
    const given = setup();
    const subject = await image(given);
    const config = await given.blob('application/vnd.oci.empty.v1+json', Buffer.from('{}'));
    const digest = await given.put(OCI_MANIFEST, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      config,
      layers: [config],
      subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 },
    });
    const [event] = await cataloged(given.ports, { ...pushed, digest });
    expect(event).toMatchObject({ data: { artifactClass: 'signature', referrerOf: subject } });
  });

  it('marks a replica that Lading made, so that no stage starts for it', async () => {
    const given = setup('source.example');
    const [event] = await cataloged(given.ports, { ...pushed, digest: await image(given) });
    expect(event).toMatchObject({ data: { replicaOf: 'source.example' } });
  });

  it('enters an image whose config is no config, and nothing of it', async () => {
    const given = setup();
    const config = await given.blob('application/vnd.oci.image.config.v1+json', Buffer.from('not json'));
    const digest = await given.put(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] });
    const [event] = await cataloged(given.ports, { ...pushed, digest });
    expect(event).toMatchObject({ data: { artifactClass: 'image' } });
    expect(event).not.toHaveProperty('data.subject.platform');
  });

  it('says nothing of an image that is gone already', async () => {
    const given = setup();
    expect(await catalogImage(given.ports, { ...pushed, digest: digestOf('gone') })).toBeUndefined();
  });
});
