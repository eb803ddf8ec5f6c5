import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import { collectContent } from '../../../lib/registry/index.ts';
import { codeOf, pushImage, registryContract } from '../../contract/registry.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'lading-layout-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const freshLayout = () => openOciLayout({ directory: join(folder, String(count++)), create: true });

describe('an OCI layout', () => {
  const has = { referrersApi: true, deleteTag: true, repositories: false, strictParts: true };
  registryContract(async () => ({ registry: await freshLayout(), repository: () => LAYOUT_REPOSITORY, has }), has);
});

describe('a layout on disk', () => {
  const read = (at: string) => JSON.parse(readFileSync(join(at, 'index.json'), 'utf8'));

  it('is one that other tools read', async () => {
    const directory = join(folder, String(count++));
    const registry = await openOciLayout({ directory, create: true });
    const image = await pushImage(registry, LAYOUT_REPOSITORY, 'v1');
    expect(JSON.parse(readFileSync(join(directory, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
    expect(read(directory)).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          mediaType: image.mediaType,
          digest: image.digest,
          size: image.size,
          annotations: { 'org.opencontainers.image.ref.name': 'v1' },
        },
      ],
    });
    expect(readdirSync(directory).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('keeps entries and fields that it does not know', async () => {
    const directory = join(folder, String(count++));
    const registry = await openOciLayout({ directory, create: true });
    const image = await pushImage(registry, LAYOUT_REPOSITORY);
    const foreign = { ...read(directory).manifests[0], 'org.example.field': { kept: true } };
    writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [foreign] }));
    const other = await pushImage(registry, LAYOUT_REPOSITORY, 'v2');
    expect(read(directory).manifests[0]).toEqual(foreign);
    expect(await registry.headManifest({ repository: LAYOUT_REPOSITORY, reference: other.digest })).toBeDefined();
    expect(await registry.headManifest({ repository: LAYOUT_REPOSITORY, reference: image.digest })).toBeDefined();
  });

  it('loses no tag where many are put at once', async () => {
    const registry = await freshLayout();
    const image = await pushImage(registry, LAYOUT_REPOSITORY);
    const tags = Array.from({ length: 20 }, (_, i) => `t${i}`);
    const { mediaType, bytes } = image;
    await Promise.all(
      tags.map((reference) => registry.putManifest({ repository: LAYOUT_REPOSITORY, reference, mediaType, bytes })),
    );
    const found: string[] = [];
    for await (const tag of registry.listTags(LAYOUT_REPOSITORY)) found.push(tag);
    expect(found.sort()).toEqual(tags.sort());
  });

  it('follows no link out of the folder, and notices changed blobs', async () => {
    const directory = join(folder, String(count++));
    const registry = await openOciLayout({ directory, create: true });
    const image = await pushImage(registry, LAYOUT_REPOSITORY, 'v1');
    const layer = join(directory, 'blobs/sha256', digestOf(image.layer).slice(7));
    const at = { repository: LAYOUT_REPOSITORY, digest: digestOf(image.layer), size: image.layer.length };
    writeFileSync(layer, Buffer.alloc(image.layer.length));
    expect(await codeOf(collectContent(registry.openBlob(at), 1e6))).toBe('digest-mismatch');
    const outside = join(folder, 'outside');
    writeFileSync(outside, image.layer);
    for (const target of ['/dev/zero', outside]) {
      rmSync(layer);
      symlinkSync(target, layer);
      expect(await codeOf(collectContent(registry.openBlob(at), 1e6))).toBe('blob-unknown');
    }
    const manifest = join(directory, 'blobs/sha256', image.digest.slice(7));
    writeFileSync(manifest, '{}');
    const get = registry.getManifest({ repository: LAYOUT_REPOSITORY, reference: 'v1' });
    expect(await codeOf(get)).toBe('size-mismatch');
  });

  it.each([
    ['no JSON', '{'],
    ['no manifests', '{"schemaVersion":2}'],
    [
      'a path for a digest',
      '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","digest":"sha256:../../../etc/passwd","size":1}]}',
    ],
    ['a key twice', '{"schemaVersion":2,"manifests":[],"manifests":[]}'],
  ])('is refused with an index.json of %s', async (_, text) => {
    const directory = join(folder, String(count++));
    await openOciLayout({ directory, create: true });
    writeFileSync(join(directory, 'index.json'), text);
    expect(await codeOf(openOciLayout({ directory }))).toBe('source-invalid');
  });

  it('is not made in a folder that holds something else', async () => {
    const directory = join(folder, String(count++));
    mkdirSync(directory);
    writeFileSync(join(directory, 'precious'), 'x');
    expect(await codeOf(openOciLayout({ directory, create: true }))).toBe('source-invalid');
    expect(readdirSync(directory)).toEqual(['precious']);
  });
});
