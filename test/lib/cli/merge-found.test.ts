import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MadeSbom } from '../../../lib/cli/sbom/make-sbom.ts';
import { mergeFound } from '../../../lib/cli/sbom/merge-found.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { createArtifactManifest, EMPTY_BLOB } from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { memoryInventoryStore, memorySbomStore } from '../../../lib/sbom/adapters/memory.ts';
import { registryImageSource } from '../../../lib/sbom/adapters/registry-image-source.ts';
import { createSbom, readSbom } from '../../../lib/sbom/index.ts';
import { createAttestation, pushRecorded } from '../../../lib/signing/index.ts';
import { pushBuilt } from '../../support/push-images.ts';
import { apkDatabase, buildImage, osRelease } from '../sbom/image-builder.ts';
import { newKey } from '../signing/support.ts';
import { temporaryFolder } from './support.ts';

const repository = 'app';
const image = buildImage([[osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'], ['zlib', '1.3-r0'])]]);
const component = (name: string, version: string, layer?: string) => ({
  ...{ type: 'library', name, version, purl: `pkg:apk/alpine/${name}@${version}?distro=alpine-3.20.3` },
  properties: layer
    ? [
        { name: 'syft:location:0:layerID', value: layer },
        { name: 'syft:location:0:path', value: '/x' },
      ]
    : [],
});
const bom = (tool: string, ...components: readonly object[]) => ({
  ...{ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components },
  metadata: { tools: { components: [{ type: 'application', name: tool, version: '1.0' }] } },
});

async function setUp() {
  const registry = createMemoryRegistry();
  const digest = await pushBuilt(registry, repository, image, 'v1');
  const clock = manualClock();
  const made = await createSbom(
    { image: digest },
    {
      source: registryImageSource(registry, repository),
      inventories: memoryInventoryStore(),
      sboms: memorySbomStore(),
      clock,
    },
  );
  if (made.status !== 'created') throw new Error(made.status);
  const wish: MadeSbom = {
    image: { reader: registry, repository, digest, mediaType: image.descriptor.mediaType, size: 1, name: {} },
    sbom: made.sbom,
    cycloneDx: '',
    children: [],
    subject: { timestamp: '2026-01-01T00:00:00.000Z' },
    coverage: undefined,
    remarks: [],
  };
  const attach = async (document: object): Promise<void> => {
    const content = Buffer.from(JSON.stringify(document));
    const type = 'application/vnd.cyclonedx+json';
    const layer = { mediaType: type, digest: digestOf(content), size: content.length };
    const manifest = createArtifactManifest({ artifactType: type, layers: [layer], subject: image.descriptor });
    for (const blob of [EMPTY_BLOB.bytes, content]) {
      await registry.putBlob({ repository, digest: digestOf(blob), size: blob.length, content: blob });
    }
    await registry.attachReferrer({ repository, mediaType: manifest.mediaType, bytes: manifest.bytes });
  };
  return { registry, wish, attach, digest };
}

const finders = ({ sbom }: MadeSbom) => Object.fromEntries(sbom.packages.map(({ name, foundBy }) => [name, foundBy]));

describe('lading sbom --merge', () => {
  it('leaves out what nobody trusted has signed, says so, and takes it on request', async () => {
    const { wish, attach } = await setUp();
    await attach(bom('syft', component('musl', '1.2.5-r0'), component('curl', '8.0-r0', image.layers[0]?.diffId)));
    const plain = await mergeFound(wish, {});
    expect(finders(plain)).toEqual({ musl: ['lading 5'], zlib: ['lading 5'] });
    expect(plain.remarks).toEqual([expect.stringContaining('1 SBOM without a trusted signature left out')]);
    const all = await mergeFound(wish, { unverified: true });
    expect(finders(all)).toEqual({
      curl: ['syft 1.0 (unsigned)'],
      musl: ['lading 5', 'syft 1.0 (unsigned)'],
      zlib: ['lading 5'],
    });
    expect(all.sbom.packages.find(({ name }) => name === 'curl')).toMatchObject({
      layer: 0,
      locations: [{ path: 'x' }],
    });
    expect(readSbom(all.cycloneDx).packages.map(({ name }) => name)).toEqual(['curl', 'musl', 'zlib']);
    expect(all.cycloneDx).toContain('"lading:package:found-by","value":"syft 1.0 (unsigned)"');
  });

  it('takes what a trusted key signed, and names the key', async () => {
    const { wish, registry, digest } = await setUp();
    const { signer, publicPem } = newKey();
    const subject = {
      ...{ registry: registry.host, repository, digest, tags: [] },
      mediaType: image.descriptor.mediaType,
    };
    const statement = {
      predicateType: 'https://cyclonedx.org/bom',
      predicate: bom('trivy', component('busybox', '1.36-r0')),
    };
    const signed = await createAttestation(signer, subject, image.descriptor, statement, manualClock().now(), {
      format: 'cosign-bundle',
    });
    await pushRecorded(registry, signed);
    const key = join(temporaryFolder(), 'key.pem');
    writeFileSync(key, publicPem);
    expect(finders(await mergeFound(wish, { key: [key] }))).toEqual({
      busybox: [`trivy 1.0 (verified: ${key})`],
      musl: ['lading 5'],
      zlib: ['lading 5'],
    });
    await expect(mergeFound(wish, { key: ['/none.pem'] })).rejects.toMatchObject({ code: 'key-unusable' });
  });
});
