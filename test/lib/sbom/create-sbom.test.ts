import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { OCI_IMAGE_MANIFEST } from '../../../lib/formats/oci/index.ts';
import { memoryInventoryStore, memorySbomStore } from '../../../lib/sbom/adapters/memory.ts';
import {
  type CreateSbomResult,
  createSbom,
  fromCycloneDx,
  type InventoryImageOptions,
  sbomSchema,
} from '../../../lib/sbom/index.ts';
import {
  apkDatabase,
  type BuiltImage,
  buildImage,
  buildIndex,
  buildLayer,
  osRelease,
  packageJson,
  sourceOf,
} from './image-builder.ts';

const setUp = (...content: readonly (BuiltImage | Buffer)[]) => ({
  source: sourceOf(...content),
  inventories: memoryInventoryStore(),
  sboms: memorySbomStore(),
  clock: manualClock(),
});

const where = { registry: 'registry.example', repository: 'team/app' };

async function created(
  ports: ReturnType<typeof setUp>,
  image: { readonly digest: ReturnType<typeof digestOf> },
  options: InventoryImageOptions = {},
): Promise<Extract<CreateSbomResult, { status: 'created' }>> {
  const result = await createSbom({ image: image.digest, ...where }, ports, options);
  if (result.status !== 'created') throw new Error(result.status);
  return result;
}

const base = buildLayer([osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'])], 'gzip');

describe('creating the SBOM of an image', () => {
  it('stores it in both forms, and doing it again changes nothing but the time', async () => {
    const image = buildImage([base, [packageJson('app', '@team/app', '1.0.0')]], {
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
    });
    const ports = setUp(image);
    const first = await created(ports, image.descriptor);
    expect(first).toMatchObject({
      layersRead: 2,
      layersReused: 0,
      sbom: { platform: 'linux/arm64/v8', outcome: 'complete' },
    });
    expect(sbomSchema.parse(JSON.parse(ports.sboms.documents.get(first.stored.native.key) ?? ''))).toEqual(first.sbom);
    expect(await ports.sboms.get(image.descriptor.digest)).toEqual(first.sbom);
    const again = await created(ports, image.descriptor);
    expect(again).toEqual({ ...first, layersRead: 0, layersReused: 2 });
    ports.clock.advance(1000);
    const later = await created(ports, image.descriptor);
    expect(later.stored.native).toEqual(first.stored.native);
    const serial = (result: typeof first) =>
      JSON.parse(ports.sboms.documents.get(result.stored.cycloneDx.key) ?? '').serialNumber;
    expect(serial(later)).toBe(serial(first));
  });

  it('writes a CycloneDX document that gives the same packages when it is read', async () => {
    const image = buildImage([base, [packageJson('app', '@team/app', '1.0.0')]]);
    const ports = setUp(image);
    const { stored, sbom } = await created(ports, image.descriptor);
    const document = ports.sboms.documents.get(stored.cycloneDx.key) ?? '';
    const read = fromCycloneDx(document);
    expect(read.unidentified).toBe(0);
    expect(read.distro).toEqual({ id: 'alpine', versionId: '3.20.3' });
    expect(read.subject?.purl).toBe(
      `pkg:oci/app@${image.descriptor.digest.replace(':', '%3A')}?arch=amd64&repository_url=registry.example%2Fteam%2Fapp`,
    );
    expect(read.packages.map(({ licenses: _, ref: _ref, cpes: _cpes, ...one }) => one)).toEqual(
      sbom.packages.map((one) => ({
        type: one.type,
        name: one.name,
        version: one.version,
        purl: one.purl,
        ...(one.distro ? { distro: one.distro } : {}),
        layer: sbom.layers[one.layer ?? -1]?.digest,
        origin: 'unknown',
        locations: one.locations.map(({ path }) => `/${path}`),
      })),
    );
  });

  it('makes an empty SBOM of an image without layers', async () => {
    const image = buildImage([]);
    expect(await created(setUp(image), image.descriptor)).toMatchObject({
      layersRead: 0,
      sbom: { outcome: 'complete', packages: [], layers: [] },
    });
  });

  it('tells artifacts and unknown images from images without packages', async () => {
    const config = Buffer.from('{}');
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE_MANIFEST,
        artifactType: 'application/vnd.cyclonedx+json',
        config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(config), size: 2 },
        layers: [{ mediaType: 'application/vnd.cyclonedx+json', digest: digestOf(config), size: 2 }],
      }),
    );
    const ports = setUp(manifest, config);
    expect(await createSbom({ image: digestOf(manifest) }, ports)).toEqual({
      status: 'not-an-image',
      artifactClass: 'sbom',
    });
    expect(await createSbom({ image: digestOf('nothing') }, ports)).toEqual({ status: 'unknown-image' });
    expect(ports.sboms.documents.size).toBe(0);
  });

  it('says so in every document when a cap was crossed', async () => {
    const image = buildImage([base, [packageJson('app', 'app', '1.0.0')]]);
    const ports = setUp(image);
    const { sbom, stored } = await created(ports, image.descriptor, { limits: { maxEntries: 1 } });
    expect(sbom).toMatchObject({
      outcome: 'limit-exceeded',
      gaps: [{ reason: 'limit', code: 'tar-entries', layer: base.descriptor.digest }],
      packages: [{ name: 'app' }],
    });
    const document = JSON.parse(ports.sboms.documents.get(stored.cycloneDx.key) ?? '');
    expect(document.compositions).toEqual([
      { aggregate: 'incomplete', assemblies: [document.metadata.component['bom-ref']] },
    ]);
    expect(document.metadata.properties).toContainEqual({ name: 'lading:sbom:outcome', value: 'limit-exceeded' });
  });

  it('goes on without an image configuration that cannot be read, and says that', async () => {
    const image = buildImage([base]);
    const broken = Buffer.from('{"os": 5}');
    const manifest = JSON.parse(image.manifest.toString());
    manifest.config = { ...manifest.config, digest: digestOf(broken), size: broken.length };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const ports = setUp(image, bytes, broken);
    expect((await created(ports, { digest: digestOf(bytes) })).sbom).toMatchObject({
      outcome: 'unreadable',
      gaps: [{ code: 'image-config-invalid' }],
      packages: [{ name: 'musl' }],
    });
  });
});

describe('creating the SBOM of an index', () => {
  const amd64 = buildImage([base, [packageJson('app', 'app', '1.0.0')]]);
  const arm64 = buildImage([base, [packageJson('app', 'app', '1.0.0'), packageJson('arm', 'arm', '1.0.0')]], {
    os: 'linux',
    architecture: 'arm64',
  });

  it('unites its images, each package with its platforms, and reads a shared layer once', async () => {
    const attestation = {
      ...amd64.descriptor,
      digest: digestOf('x'),
      platform: { os: 'unknown', architecture: 'unknown' },
    };
    const index = buildIndex([amd64.descriptor, arm64.descriptor, attestation]);
    const ports = setUp(amd64, arm64, index.blob);
    const { sbom, layersRead, layersReused } = await created(ports, index.descriptor);
    expect([layersRead, layersReused]).toEqual([3, 0]);
    expect(sbom.outcome).toBe('complete');
    expect(sbom.layers).toHaveLength(3);
    expect(sbom.distro).toMatchObject({ id: 'alpine' });
    expect(sbom.packages.map((one) => [one.name, one.platforms, sbom.layers[one.layer ?? -1]?.digest])).toEqual([
      ['musl', ['linux/amd64', 'linux/arm64'], base.descriptor.digest],
      ['app', ['linux/amd64', 'linux/arm64'], amd64.layers[1]?.descriptor.digest],
      ['arm', ['linux/arm64'], arm64.layers[1]?.descriptor.digest],
    ]);
  });

  it('follows indexes in indexes, up to a depth and each once, and tells what it lacks', async () => {
    const inner = buildIndex([amd64.descriptor]);
    const levels = [inner];
    for (let i = 0; i < 4; i++) levels.push(buildIndex([levels[i]?.descriptor ?? inner.descriptor, arm64.descriptor]));
    const ports = setUp(amd64, arm64, ...levels.map((level) => level.blob));
    const three = await created(ports, levels[2]?.descriptor ?? inner.descriptor);
    expect(three.sbom).toMatchObject({ outcome: 'complete', packages: [{}, {}, {}] });
    const deep = await created(ports, levels[4]?.descriptor ?? inner.descriptor);
    expect(deep.sbom).toMatchObject({ outcome: 'limit-exceeded', gaps: [{ code: 'index-depth' }] });
    const missing = buildIndex([{ ...arm64.descriptor, digest: digestOf('missing') }]);
    expect((await created(setUp(missing.blob), missing.descriptor)).sbom).toMatchObject({
      outcome: 'unreadable',
      gaps: [{ code: 'child-missing' }],
    });
  });
});
