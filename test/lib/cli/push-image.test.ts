import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { defaultName, pushImage } from '../../../lib/cli/push-image.ts';
import { type Digest, digestHex } from '../../../lib/core/digest.ts';
import { isRepositoryName } from '../../../lib/core/image-reference.ts';
import { createArtifactManifest, EMPTY_BLOB } from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { LAYOUT_REPOSITORY } from '../../../lib/registry/adapters/oci-layout.ts';
import { alpineFiles, lading, layoutIn, temporaryFolder, writeStackFile } from './support.ts';

const files = alpineFiles({ musl: '1' });

describe('pushing an image', () => {
  it('copies the whole graph, children and referrers, and sets the tag last', async () => {
    const folder = temporaryFolder();
    const { directory, registry, image, index } = await layoutIn(folder);
    const child = await image(files);
    const { digest } = await index([child], 'app:1');
    const subject = { ...child.descriptor } as never;
    const signature = createArtifactManifest({ artifactType: 'application/x', layers: [], subject });
    const { descriptor, bytes } = EMPTY_BLOB;
    const repository = LAYOUT_REPOSITORY;
    await registry.putBlob({ repository, digest: descriptor.digest, size: descriptor.size, content: bytes });
    await registry.attachReferrer({ repository, mediaType: signature.mediaType, bytes: signature.bytes });

    const target = createMemoryRegistry();
    const counted: number[] = [];
    const pushed = await pushImage({ source: `oci:${directory}:app:1`, target, onProgress: (n) => counted.push(n) });
    expect(pushed).toMatchObject({ repository: 'app', tag: '1', digest, complete: true });
    expect(pushed.manifests).toEqual({ copied: 3, skipped: 0 });
    expect(pushed.blobs).toEqual({ copied: 3, mounted: 0, skipped: 0 });
    expect(counted.at(-1)).toBeGreaterThan(0);
    expect((await target.headManifest({ repository: 'app', reference: '1' }))?.digest).toBe(digest);
    const referrers = await target.listReferrers({ repository: 'app', digest: child.digest });
    expect(referrers.descriptors.map((one) => one.digest)).toEqual([signature.digest]);

    const again = await pushImage({ source: `oci:${directory}:app:1`, target, repository: 'app', tag: '2' });
    expect(again).toMatchObject({ tag: '2', bytesMoved: 0, blobs: { copied: 0, skipped: 3 } });
  });

  it.each([
    ['a layer', (manifest: { layers: { digest: Digest }[] }) => manifest.layers[0]?.digest],
    ['its configuration', (manifest: { config: { digest: Digest } }) => manifest.config.digest],
  ])('pushes no manifest of an image that lacks %s', async (_what, partOf) => {
    const { directory, image, index } = await layoutIn(temporaryFolder());
    const child = await image(files);
    await index([child], 'a');
    const blob = (digest: Digest): string => join(directory, 'blobs', 'sha256', digestHex(digest));
    rmSync(blob(partOf(JSON.parse(readFileSync(blob(child.digest), 'utf8'))) as Digest));
    const target = createMemoryRegistry();
    await expect(pushImage({ source: `oci:${directory}:a`, target })).rejects.toMatchObject({
      code: 'image-incomplete',
    });
    const tags: string[] = [];
    for await (const tag of target.listTags('a')) tags.push(tag);
    expect(tags).toEqual([]);
    expect(await target.headManifest({ repository: 'a', reference: child.digest })).toBeUndefined();
  });

  it('pushes nothing of an index that lacks an image', async () => {
    const { directory, image, index } = await layoutIn(temporaryFolder());
    const [one, two] = [await image(files), await image(alpineFiles({ zlib: '1' }))];
    await index([one, two], 'a');
    rmSync(join(directory, 'blobs', 'sha256', digestHex(two.digest)));
    const push = pushImage({ source: `oci:${directory}:a`, target: createMemoryRegistry() });
    await expect(push).rejects.toMatchObject({
      code: 'image-incomplete',
      message: expect.stringContaining(two.digest),
    });
  });

  it.each([
    ['oci:dir:alpine:3.20', 'alpine:3.20', { repository: 'alpine', tag: '3.20' }],
    ['oci:dir:alpine-3.18.9', 'alpine-3.18.9', { repository: 'alpine-3.18.9', tag: 'latest' }],
    ['oci:dir:V1', 'V1', { repository: 'v1', tag: 'latest' }],
    ['docker-archive:x.tar', 'docker.io/library/alpine:3', { repository: 'library/alpine', tag: '3' }],
    ['docker-archive:x.tar', 'localhost:5000/app:3', { repository: 'app', tag: '3' }],
    ['docker-archive:x.tar', 'team/app:3', { repository: 'team/app', tag: '3' }],
    [`oci:/some/My Images:sha256:${'0'.repeat(64)}`, undefined, { repository: 'my-images', tag: undefined }],
    ['oci-archive:/tmp/app.tar', undefined, { repository: 'app', tag: undefined }],
    ['oci:dir:---', '---', { repository: 'image', tag: 'latest' }],
    ['ghcr.io/team/app:v1', 'v1', { repository: 'team/app', tag: 'v1' }],
    [`ghcr.io/team/app@sha256:${'0'.repeat(64)}`, undefined, { repository: 'team/app', tag: undefined }],
  ])('is named after %s (%s)', (source, reference, name) => expect(defaultName(source, reference)).toEqual(name));

  it('has a right name whatever the ref is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (reference) => {
        const { repository } = defaultName('oci:dir:x', reference);
        expect(isRepositoryName(repository)).toBe(true);
      }),
    );
  });
});

describe('lading push', () => {
  it('pushes into the local stack, which takes it under the given or its own name', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    const { digest } = await image(files, { tag: 'app:1' });
    const registry = await startEmbeddedRegistry({ directory: `${folder}/registry` });
    try {
      const host = '000000000000.dkr.ecr.eu-central-1.amazonaws.com';
      const registries = [{ host, region: 'eu-central-1', url: registry.url, role: 'source' as const }];
      const data = ['--data', writeStackFile(folder, { registries })];
      const first = await lading(['push', 'oci:images:app:1', ...data], folder);
      expect(first).toMatchObject({ code: 0, err: '' });
      const [imageLine, digestLine, moved] = first.out.split('\n');
      expect([imageLine, digestLine]).toEqual([`image    localhost:${registry.port}/app:1`, `digest   ${digest}`]);
      expect(moved).toMatch(/^moved {4}[\d.]+ \w+ in 2 blobs and 1 manifest; 0 were there already$/);
      const named = await lading(['push', 'oci:images:app:1', 'team/app', '-o', 'json', ...data], folder);
      expect(JSON.parse(named.out)).toMatchObject({
        reference: `localhost:${registry.port}/team/app:latest@${digest}`,
        ...{ repository: 'team/app', tag: 'latest', digest, complete: true },
      });
      expect(
        registry.store
          .listRepositories()
          .map((one) => JSON.stringify(one))
          .join(),
      ).toContain('team/app');

      // What is in the stack is a source in turn, by the address that people push to and by the name in events.
      for (const place of [`localhost:${registry.port}`, `127.0.0.1:${registry.port}`, host]) {
        const sbom = await lading(['sbom', `${place}/team/app`, '-o', 'native', ...data], folder);
        expect(JSON.parse(sbom.out)).toMatchObject({ image: digest, packages: [{ name: 'musl' }] });
      }
      const other = await lading(['push', 'oci:images:app:1', `localhost:${registry.port}/other:2`], folder);
      expect(other.code).toBe(0);
    } finally {
      await registry.close();
    }
  });

  it('says clearly what it cannot do', async () => {
    const folder = temporaryFolder();
    const { image } = await layoutIn(folder);
    await image(files, { tag: 'app:1' });
    const data = ['--data', writeStackFile(folder, {})];
    const failing = async (...args: string[]) => {
      const { code, out, err } = await lading(['push', ...args], folder);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      return err;
    };
    expect(await failing('oci:images:app:1', '--data', 'nothing')).toMatch(
      /no local stack runs on .*\nhint: start one/,
    );
    expect(await failing('oci:images:app:1', ...data)).toContain('no registry to push to');
    expect(await failing('oci:images:app:1', 'ghcr.io/a@sha256:0', ...data)).toContain('is not a sha256');
    expect(await failing('oci:images:app:1', `localhost:1/a@sha256:${'0'.repeat(64)}`)).toContain('under a tag');
    expect(await failing('oci:images:app:1', 'localhost:1/a:b')).toMatch(/^error: /);
    expect(await failing()).toContain('missing required argument');
  });
});
