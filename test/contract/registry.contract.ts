import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { type Digest, digestOf } from '../../lib/core/digest.ts';
import { isLadingError } from '../../lib/core/errors.ts';
import {
  createArtifactManifest,
  createIndex,
  EMPTY_BLOB,
  OCI_IMAGE_CONFIG,
  OCI_LAYER_TAR,
} from '../../lib/formats/oci/index.ts';
import { collectContent, ensureBlob, type Registry } from '../../lib/registry/index.ts';

export interface RegistryUnderTest {
  readonly registry: Registry;
  /** A repository that no other test uses, and a second one of the same registry for mounts. */
  readonly repository: () => string;
  readonly has: {
    /** Referrers API; without it the fallback tag is expected to be maintained. */
    readonly referrersApi: boolean;
    readonly deleteTag: boolean;
    /** More than one repository, mounts between them, and a list of them. */
    readonly repositories: boolean;
    /** Refuses manifests whose parts are missing. */
    readonly strictParts: boolean;
  };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return isLadingError(error) ? error.code : `other: ${String(error)}`;
  }
}

const list = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

/** An image of two blobs, pushed but for its manifest. */
async function pushParts(registry: Registry, repository: string, seed = randomBytes(8).toString('hex')) {
  const layer = randomBytes(2_000);
  const config = bytesOf(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      seed,
    }),
  );
  for (const content of [layer, config]) {
    await registry.putBlob({ repository, digest: digestOf(content), size: content.length, content });
  }
  const manifest = bytesOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: OCI_IMAGE_CONFIG, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: OCI_LAYER_TAR, digest: digestOf(layer), size: layer.length }],
    }),
  );
  return {
    layer,
    config,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    bytes: manifest,
    digest: digestOf(manifest),
    size: manifest.length,
  };
}

export async function pushImage(registry: Registry, repository: string, reference?: string) {
  const image = await pushParts(registry, repository);
  await registry.putManifest({
    repository,
    reference: reference ?? image.digest,
    mediaType: image.mediaType,
    bytes: image.bytes,
  });
  return image;
}

/** What every registry adapter must do, whatever is behind it. */
export function registryContract(
  setup: () => RegistryUnderTest | Promise<RegistryUnderTest>,
  traits: RegistryUnderTest['has'],
): void {
  blobContract(setup, traits);
  manifestContract(setup, traits);
  referrerContract(setup, traits);
}

function blobContract(
  setup: () => RegistryUnderTest | Promise<RegistryUnderTest>,
  traits: RegistryUnderTest['has'],
): void {
  it('gives back a blob as it was put, whole and in ranges', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const content = randomBytes(300_000);
    const digest = digestOf(content);
    expect(await registry.headBlob({ repository: name, digest })).toBeUndefined();
    await registry.putBlob({ repository: name, digest, size: content.length, content: () => pieces(content, 7_000) });
    expect(await registry.headBlob({ repository: name, digest })).toEqual({ size: content.length });
    const at = { repository: name, digest, size: content.length };
    expect(Buffer.from(await collectContent(registry.openBlob(at), 1e6)).equals(content)).toBe(true);
    const range = registry.openBlob(at, { range: { start: 1_000, end: 4_999 } });
    expect(Buffer.from(await collectContent(range, 1e6)).equals(content.subarray(1_000, 5_000))).toBe(true);
    const tail = registry.openBlob(at, { range: { start: 299_000 } });
    expect(Buffer.from(await collectContent(tail, 1e6)).equals(content.subarray(299_000))).toBe(true);
  });

  it('takes a one-shot stream, an empty blob, and the same blob twice', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const content = randomBytes(50_000);
    const put = (c: Uint8Array | AsyncIterable<Uint8Array>, of: Uint8Array) =>
      registry.putBlob({ repository: name, digest: digestOf(of), size: of.length, content: c });
    await put(pieces(content, 999), content);
    await put(content, content);
    const empty = new Uint8Array();
    await put(empty, empty);
    expect(await registry.headBlob({ repository: name, digest: digestOf(empty) })).toEqual({ size: 0 });
  });

  it('refuses a blob that is not what was announced, and keeps nothing of it', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    await pushImage(registry, name);
    const content = randomBytes(20_000);
    const digest = digestOf(randomBytes(10));
    const put = (size: number, d: Digest) =>
      codeOf(registry.putBlob({ repository: name, digest: d, size, content: () => pieces(content, 1_000) }));
    expect(await put(content.length, digest)).toBe('digest-mismatch');
    expect(await put(content.length - 5_000, digestOf(content))).toBe('size-mismatch');
    expect(await put(content.length + 5_000, digestOf(content))).toBe('size-mismatch');
    expect(await registry.headBlob({ repository: name, digest })).toBeUndefined();
    expect(await registry.headBlob({ repository: name, digest: digestOf(content) })).toBeUndefined();
  });

  it('says that a blob is unknown', async () => {
    const { registry, repository } = await setup();
    const at = { repository: repository(), digest: digestOf('nothing'), size: 7 };
    expect(await codeOf(collectContent(registry.openBlob(at), 100))).toBe('blob-unknown');
  });

  it('tells a wrong size at the first byte over it', async () => {
    const { registry, repository } = await setup();
    const image = await pushImage(registry, repository());
    const name = repository();
    const target = await pushImage(registry, name);
    const at = { repository: name, digest: digestOf(target.layer), size: image.layer.length - 100 };
    expect(await codeOf(collectContent(registry.openBlob(at), 1e6))).toBe('size-mismatch');
  });

  it.skipIf(!traits.repositories)('mounts a blob of another repository', async () => {
    const { registry, repository } = await setup();
    const [from, to] = [repository(), repository()];
    const image = await pushImage(registry, from);
    await pushImage(registry, to);
    const digest = digestOf(image.layer);
    expect(await registry.mountBlob({ repository: to, from, digest })).toBe(true);
    expect(await registry.headBlob({ repository: to, digest })).toEqual({ size: image.layer.length });
    expect(await registry.mountBlob({ repository: to, from, digest: digestOf('absent') })).toBe(false);
  });
}

function manifestContract(
  setup: () => RegistryUnderTest | Promise<RegistryUnderTest>,
  traits: RegistryUnderTest['has'],
): void {
  it('gives back a manifest byte for byte, by tag and by digest', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    expect(await registry.getManifest({ repository: name, reference: 'v1' })).toBeUndefined();
    expect(await registry.headManifest({ repository: name, reference: digestOf('x') })).toBeUndefined();
    const image = await pushImage(registry, name, 'v1');
    for (const reference of ['v1', image.digest]) {
      const found = await registry.getManifest({ repository: name, reference });
      expect(found && Buffer.from(found.bytes).equals(image.bytes)).toBe(true);
      expect(found).toMatchObject({ digest: image.digest, mediaType: image.mediaType });
      const head = await registry.headManifest({ repository: name, reference });
      expect(head).toEqual({ digest: image.digest, mediaType: image.mediaType, size: image.size });
    }
  });

  it('moves a tag and keeps the manifest that it was on', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const first = await pushImage(registry, name, 'latest');
    const second = await pushImage(registry, name, 'latest');
    expect((await registry.headManifest({ repository: name, reference: 'latest' }))?.digest).toBe(second.digest);
    expect((await registry.headManifest({ repository: name, reference: first.digest }))?.digest).toBe(first.digest);
  });

  it.skipIf(!traits.strictParts)('refuses a manifest whose parts are missing', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const image = await pushParts(registry, name);
    const layer = { mediaType: OCI_LAYER_TAR, digest: digestOf('absent'), size: 6 };
    const config = { mediaType: OCI_IMAGE_CONFIG, digest: digestOf(image.config), size: image.config.length };
    const bytes = bytesOf(JSON.stringify({ schemaVersion: 2, mediaType: image.mediaType, config, layers: [layer] }));
    const put = registry.putManifest({ repository: name, reference: 'x', mediaType: image.mediaType, bytes });
    expect(await codeOf(put)).toBe('registry-refused');
  });

  it('lists tags', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    expect(await list(registry.listTags(name))).toEqual([]);
    const image = await pushImage(registry, name, 'b');
    for (const reference of ['a', 'c']) {
      await registry.putManifest({ repository: name, reference, mediaType: image.mediaType, bytes: image.bytes });
    }
    expect((await list(registry.listTags(name))).sort()).toEqual(['a', 'b', 'c']);
  });

  it.skipIf(!traits.repositories)('lists repositories', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    await pushImage(registry, name, 'x');
    expect(await list(registry.listRepositories())).toContain(name);
  });

  it('keeps an index with its children, and deletes by digest', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const child = await pushImage(registry, name);
    const index = createIndex([{ mediaType: child.mediaType, digest: child.digest, size: child.size }]);
    await registry.putManifest({ repository: name, reference: 'multi', ...index });
    expect(await registry.headManifest({ repository: name, reference: 'multi' })).toMatchObject({
      digest: index.digest,
      mediaType: index.mediaType,
    });
    expect(await registry.deleteManifest({ repository: name, digest: index.digest })).toBe(true);
    expect(await registry.deleteManifest({ repository: name, digest: index.digest })).toBe(false);
    expect(await registry.headManifest({ repository: name, reference: 'multi' })).toBeUndefined();
    expect(await registry.headManifest({ repository: name, reference: child.digest })).toBeDefined();
  });

  it.skipIf(!traits.deleteTag)('deletes a tag and leaves the manifest', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const image = await pushImage(registry, name, 'gone');
    expect(await registry.deleteTag({ repository: name, tag: 'gone' })).toBe(true);
    expect(await registry.deleteTag({ repository: name, tag: 'gone' })).toBe(false);
    expect(await registry.headManifest({ repository: name, reference: image.digest })).toBeDefined();
  });
}

function referrerContract(
  setup: () => RegistryUnderTest | Promise<RegistryUnderTest>,
  traits: RegistryUnderTest['has'],
): void {
  const pushSubject = async (registry: Registry, repository: string) => {
    const { digest, size } = EMPTY_BLOB.descriptor;
    await ensureBlob(registry, { repository, digest, size, content: EMPTY_BLOB.bytes });
    return pushImage(registry, repository, 'v1');
  };
  const attach = async (
    registry: Registry,
    repository: string,
    subject: Awaited<ReturnType<typeof pushImage>>,
    n = 1,
  ) => {
    const manifest = createArtifactManifest({
      artifactType: n % 2 === 0 ? 'application/vnd.example.even' : 'application/vnd.example.odd',
      layers: [],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      annotations: { 'org.example.number': String(n) },
    });
    return { manifest, attached: await registry.attachReferrer({ repository, ...manifest }) };
  };

  it('attaches referrers, once each, and lists them by subject and type', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const image = await pushSubject(registry, name);
    const of = { repository: name, digest: image.digest };
    expect((await registry.listReferrers(of)).descriptors).toEqual([]);
    const via = traits.referrersApi ? 'api' : 'tag';
    const digests: string[] = [];
    for (const n of [1, 2, 3, 3]) {
      const { manifest, attached } = await attach(registry, name, image, n);
      expect(attached).toEqual({ digest: manifest.digest, via });
      digests.push(manifest.digest);
    }
    const all = await registry.listReferrers(of);
    expect(all).toMatchObject({ complete: true, via });
    expect(all.descriptors.map((d) => d.digest).sort()).toEqual([...new Set(digests)].sort());
    const even = await registry.listReferrers(of, { artifactType: 'application/vnd.example.even' });
    expect(even.descriptors.map((d) => d.annotations?.['org.example.number'])).toEqual(['2']);
  });

  it('says when there are more referrers than it was asked for', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const image = await pushSubject(registry, name);
    for (const n of [1, 2, 3]) await attach(registry, name, image, n);
    const some = await registry.listReferrers({ repository: name, digest: image.digest }, { limit: 2 });
    expect(some.complete).toBe(false);
    expect(some.descriptors).toHaveLength(2);
  });

  it('loses no referrer where several are attached at once', async () => {
    const { registry, repository } = await setup();
    const name = repository();
    const image = await pushSubject(registry, name);
    const attached = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => attach(registry, name, image, n)));
    const { descriptors } = await registry.listReferrers({ repository: name, digest: image.digest });
    expect(descriptors.map((d) => d.digest).sort()).toEqual(attached.map((a) => a.manifest.digest).sort());
  });

  it('refuses to attach what has no subject', async () => {
    const { registry, repository } = await setup();
    const manifest = createArtifactManifest({ artifactType: 'application/vnd.example.x', layers: [] });
    expect(await codeOf(registry.attachReferrer({ repository: repository(), ...manifest }))).toBe('registry-refused');
  });
}
