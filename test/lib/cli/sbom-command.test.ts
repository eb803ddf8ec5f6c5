import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { digestHex } from '../../../lib/core/digest.ts';
import { createArtifactManifest, EMPTY_BLOB } from '../../../lib/formats/oci/index.ts';
import { LAYOUT_REPOSITORY } from '../../../lib/registry/adapters/oci-layout.ts';
import { tarArchive } from '../../support/tar-writer.ts';
import { alpineFiles, lading, layoutIn, temporaryFolder } from './support.ts';

const files = alpineFiles({ musl: '1.1.22-r3', zlib: '1.2.11-r1' });

describe('lading sbom', () => {
  it('prints a table, CycloneDX or the native form, relative to the folder of the caller', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    await image(files, { tag: 'alpine:3.10' });
    const table = await lading(['sbom', 'oci:images:3.10'], folder);
    expect(table).toMatchObject({ code: 0, err: '2 packages in 1 layer (linux/amd64, Alpine Linux v3.10)\n' });
    expect(table.out).toMatch(/^NAME\s+VERSION\s+TYPE\s+LAYER\s+ORIGIN\s+WHERE\nmusl\s+1\.1\.22-r3\s+apk\s+sha256:/);
    const bom = await lading(['sbom', 'oci:images:alpine:3.10', '-o', 'cyclonedx-json'], folder);
    expect(bom).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(bom.out)).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { type: 'container', name: 'alpine' } },
    });
    const native = await lading(['sbom', 'oci:images', '-o', 'native'], folder);
    expect(JSON.parse(native.out)).toMatchObject({ schemaVersion: 1, outcome: 'complete', platform: 'linux/amd64' });
  });

  it('is content with an image without packages', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    await image([{ path: 'hello', content: 'x' }], { tag: 'a' });
    expect(await lading(['sbom', 'oci:images:a'], folder)).toEqual({
      ...{ code: 0, out: '', err: '0 packages in 1 layer (linux/amd64)\n' },
    });
  });

  it('chooses a platform, tells of more that fit, and takes all on request', async () => {
    const folder = temporaryFolder();
    const { image, index } = await layoutIn(folder);
    const one = await image(alpineFiles({ a: '1' }));
    const two = await image(alpineFiles({ b: '1' }), { platform: { os: 'linux', architecture: 's390x' } });
    const three = await image(alpineFiles({ c: '1' }), { platform: { os: 'linux', architecture: 's390x' } });
    await index([one, two, three], 'a');
    const packagesOf = async (...options: string[]) => {
      const { code, out, err } = await lading(['sbom', 'oci:images:a', '-o', 'native', ...options], folder);
      return { code, err, names: code === 2 ? [] : JSON.parse(out).packages.map(({ name }: { name: string }) => name) };
    };
    expect(await packagesOf('--platform', 'linux/amd64')).toMatchObject({ code: 0, names: ['a'], err: '' });
    expect(await packagesOf('--platform', 'linux/s390x')).toMatchObject({
      ...{ code: 0, names: ['b'], err: expect.stringMatching(/^note: 2 images .* linux\/s390x/) },
    });
    expect(await packagesOf('--all-platforms')).toMatchObject({ names: ['a', 'b', 'c'] });
    expect(await packagesOf('--platform', 'linux/arm')).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('the index has linux/amd64, linux/s390x') },
    });
    expect(await packagesOf('--platform', 'nonsense')).toMatchObject({ code: 2 });
    expect(await packagesOf('--platform', 'linux/arm', '--all-platforms')).toMatchObject({ code: 2 });
  });

  it('prints what it could read of a damaged image, says so, and answers no', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    const whole = gzipSync(tarArchive(files));
    await image(files, { tag: 'a', layer: whole.subarray(0, whole.length - 20) });
    const { code, out, err } = await lading(['sbom', 'oci:images:a', '-o', 'native'], folder);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'unreadable' });
    expect(err).toMatch(/^warning: this SBOM is incomplete \(unreadable\)/);
  });

  it('reads a layer once, unless told otherwise', async () => {
    const folder = temporaryFolder();
    const { directory, image } = await layoutIn(folder);
    await image(files, { tag: 'a' });
    const first = await lading(['sbom', 'oci:images:a', '-o', 'native'], folder);
    const layer = JSON.parse(first.out).layers[0].digest;
    // What is in the cache must do: of the layer itself nothing is left but its size.
    const path = join(directory, 'blobs', 'sha256', digestHex(layer));
    writeFileSync(path, Buffer.alloc(gzipSync(tarArchive(files)).length));
    expect(await lading(['sbom', 'oci:images:a', '-o', 'native'], folder)).toEqual(first);
    expect((await lading(['sbom', 'oci:images:a', '--no-cache'], folder)).code).toBe(1);
  });

  it('says clearly what it cannot do', async () => {
    const folder = temporaryFolder();
    const { registry, image } = await layoutIn(folder);
    await image(files, { tag: 'alpine' });
    const repository = LAYOUT_REPOSITORY;
    const { descriptor, bytes } = EMPTY_BLOB;
    await registry.putBlob({ repository, digest: descriptor.digest, size: descriptor.size, content: bytes });
    const chart = createArtifactManifest({ artifactType: 'application/vnd.cncf.helm.chart.v1', layers: [] });
    await registry.putManifest({ repository, reference: 'chart', mediaType: chart.mediaType, bytes: chart.bytes });
    const failing = async (source: string) => (await lading(['sbom', source], folder)).err;
    expect(await failing('oci:images:nope')).toContain('it holds: alpine');
    expect(await failing('oci:nowhere')).toContain('is not an OCI image layout');
    expect(await failing('alpine')).toContain('it names no registry');
    expect(await failing('docker-archive:nowhere')).toContain('cannot be read');
    expect(await failing(`oci:images:sha256:${'0'.repeat(64)}`)).toContain('unknown ref');
    const { code, out, err } = await lading(['sbom', 'oci:images:chart', '-o', 'native'], folder);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('is a chart, not a container image');
  });
});

describe('the forms of lading sbom', () => {
  it('go to standard output, or to files of any number', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    await image(files, { tag: 'a' });
    const both = await lading(['sbom', 'oci:images:a', '-o', 'spdx-json=a.json', '-o', 'cyclonedx-xml@1.7'], folder);
    expect(both).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^<\?xml [^>]*>\n<bom xmlns="[^"]*1\.7"/),
    });
    const spdx = readFileSync(join(folder, 'a.json'), 'utf8');
    expect(JSON.parse(spdx)).toMatchObject({ spdxVersion: 'SPDX-2.3' });
    const clash = await lading(['sbom', 'oci:images:a', '-o', 'native', '-o', 'table'], folder);
    expect(clash).toMatchObject({ code: 2, out: '', err: expect.stringContaining('two forms') });
    const unknown = await lading(['sbom', 'oci:images:a', '-o', 'yaml'], folder);
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('spdx-tag-value') });
  });

  it('are one for each image of an index where the file is named for it', async () => {
    const folder = temporaryFolder();
    const { image, index } = await layoutIn(folder);
    const one = await image(alpineFiles({ a: '1' }));
    const two = await image(alpineFiles({ b: '1' }), { platform: { os: 'linux', architecture: 'arm64' } });
    await index([one, two], 'a');
    const command = [
      'sbom',
      'oci:images:a',
      '--all-platforms',
      '-o',
      'native={platform}.json',
      '-o',
      'native=all.json',
    ];
    expect(await lading(command, folder)).toMatchObject({ code: 0 });
    const names = (file: string) =>
      JSON.parse(readFileSync(join(folder, file), 'utf8')).packages.map(({ name }: { name: string }) => name);
    expect(names('linux-amd64.json')).toEqual(['a']);
    expect(names('linux-arm64.json')).toEqual(['b']);
    expect(names('all.json')).toEqual(['a', 'b']);
  });
});

describe('lading sbom diff', () => {
  it('compares images and documents, and answers no where they differ', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    await image(files, { tag: 'a' });
    await image(alpineFiles({ musl: '1.1.22-r4', curl: '8' }), { tag: 'b' });
    await lading(['sbom', 'oci:images:a', '-o', 'spdx-tag-value=a.spdx'], folder);
    expect(await lading(['sbom', 'diff', 'oci:images:a', 'a.spdx'], folder)).toMatchObject({ code: 0, out: '' });
    const { code, out, err } = await lading(['sbom', 'diff', 'a.spdx', 'oci:images:b', '-o', 'json'], folder);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(JSON.parse(out)).toEqual({
      added: [{ type: 'apk', name: 'curl', version: '8' }],
      removed: [{ type: 'apk', name: 'zlib', version: '1.2.11-r1' }],
      changed: [{ type: 'apk', name: 'musl', from: ['1.1.22-r3'], to: ['1.1.22-r4'] }],
      ...{ same: 0, unidentified: 0 },
    });
    const table = await lading(['sbom', 'diff', 'a.spdx', 'oci:images:b'], folder);
    expect(table.out).toMatch(/~\s+apk\s+musl\s+1\.1\.22-r3\s+1\.1\.22-r4/);
    expect(await lading(['sbom', 'diff', 'a.spdx', 'images'], folder)).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('write it as oci:images') },
    });
  });
});

describe('lading sbom quality', () => {
  it('judges an image or a document, and fails below a score', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    await image([...files, { path: 'opt/thing', content: 'x'.repeat(100) }], { tag: 'a' });
    const { code, out, err } = await lading(['sbom', 'quality', 'oci:images:a'], folder);
    expect(code).toBe(0);
    expect(out).toMatch(/NTIA\s+every package names its supplier\s+2 of 2/);
    expect(out).toMatch(/UNIDENTIFIED CONTENT[\s\S]*\/opt\/thing/);
    expect(err).toMatch(/^\d+ of 100 for 2 packages\n$/);
    await lading(['sbom', 'oci:images:a', '-o', 'cyclonedx-json=a.json'], folder);
    const json = await lading(['sbom', 'quality', 'a.json', '-o', 'json', '--fail-below', '100'], folder);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ packages: 2, score: expect.any(Number) });
  });
});
