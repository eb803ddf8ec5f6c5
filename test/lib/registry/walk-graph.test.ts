import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { createArtifactManifest, createIndex, type Descriptor, EMPTY_BLOB } from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { cosignTags, type Registry, walkClosedGraph } from '../../../lib/registry/index.ts';
import { codeOf, pushImage } from '../../contract/registry.contract.ts';

const repository = 'team/app';

async function setup(options?: Parameters<typeof createMemoryRegistry>[0]) {
  const registry = createMemoryRegistry(options);
  const { digest, size } = EMPTY_BLOB.descriptor;
  await registry.putBlob({ repository, digest, size, content: EMPTY_BLOB.bytes });
  return registry;
}

async function attach(registry: Registry, subject: Descriptor, name: string) {
  const artifactType = 'application/vnd.example';
  const { mediaType, digest, size } = subject;
  const made = createArtifactManifest({
    artifactType,
    layers: [],
    subject: { mediaType, digest, size },
    annotations: { name },
  });
  await registry.attachReferrer({ repository, ...made });
  return made;
}

const pushIndex = async (registry: Registry, children: readonly Descriptor[], reference?: string) => {
  const index = createIndex(children.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })));
  await registry.putManifest({ repository, reference: reference ?? index.digest, ...index });
  return index;
};

describe('the closed graph of an image', () => {
  it('is undefined where there is no image', async () => {
    expect(await walkClosedGraph(await setup(), { repository, digest: digestOf('x') })).toBeUndefined();
  });

  it.each([true, false])(
    'holds children, referrers, and theirs, in an order that can be pushed (API: %s)',
    async (api) => {
      const registry = await setup({ referrersApi: api });
      const [a, b] = [await pushImage(registry, repository), await pushImage(registry, repository)];
      const index = await pushIndex(registry, [a, b], 'v1');
      const signature = await attach(registry, index, 'signature');
      const sbom = await attach(registry, a, 'sbom');
      const signatureOfSbom = await attach(registry, sbom, 'signature of the sbom');
      const old = createArtifactManifest({ artifactType: 'application/vnd.old', layers: [] });
      const [tag = ''] = cosignTags(b.digest);
      await registry.putManifest({ repository, reference: tag, ...old });

      const graph = await walkClosedGraph(registry, { repository, digest: index.digest });
      expect(graph?.complete).toBe(true);
      expect(graph?.tags).toEqual([{ tag, digest: old.digest }]);
      expect(graph?.missing).toEqual([]);
      const order = graph?.nodes.map((node) => node.manifest.digest) ?? [];
      expect(new Set(order)).toEqual(
        new Set([a, b, index, signature, sbom, signatureOfSbom, old].map((made) => made.digest)),
      );
      expect(order).toHaveLength(7);
      const precedes = (x: { digest: string }, y: { digest: string }) =>
        expect(order.indexOf(x.digest as never)).toBeLessThan(order.indexOf(y.digest as never));
      precedes(a, index);
      precedes(b, index);
      precedes(index, signature);
      precedes(a, sbom);
      precedes(sbom, signatureOfSbom);
      expect(graph?.blobs).toHaveLength(5);
      expect(graph?.nodes.find((node) => node.role === 'root')?.manifest.digest).toBe(index.digest);

      const target = await setup();
      for (const blob of graph?.blobs ?? []) {
        const content = registry.openBlob({ repository, ...blob });
        await target.putBlob({ repository, digest: blob.digest, size: blob.size, content });
      }
      for (const { manifest, bytes } of graph?.nodes ?? []) {
        await target.putManifest({ repository, reference: manifest.digest, mediaType: manifest.mediaType, bytes });
      }
    },
  );

  it('names a shared child once', async () => {
    const registry = await setup();
    const image = await pushImage(registry, repository);
    const inner = await pushIndex(registry, [image]);
    const outer = await pushIndex(registry, [image, inner, inner]);
    const graph = await walkClosedGraph(registry, { repository, digest: outer.digest });
    expect(graph?.nodes.map((node) => node.manifest.digest)).toEqual([image, inner, outer].map((m) => m.digest));
  });

  it('goes three indexes deep and no further', async () => {
    const registry = await setup();
    let made: Descriptor = await pushImage(registry, repository);
    for (let depth = 1; depth <= 3; depth++) made = await pushIndex(registry, [made]);
    expect((await walkClosedGraph(registry, { repository, digest: made.digest }))?.nodes).toHaveLength(4);
    const fourth = await pushIndex(registry, [made]);
    expect(await codeOf(walkClosedGraph(registry, { repository, digest: fourth.digest }))).toBe('limit-exceeded');
  });

  it('says what is missing of an index', async () => {
    const registry = await setup();
    const [a, b] = [await pushImage(registry, repository), await pushImage(registry, repository)];
    const index = await pushIndex(registry, [a, b]);
    await registry.deleteManifest({ repository, digest: b.digest });
    const graph = await walkClosedGraph(registry, { repository, digest: index.digest });
    expect(graph?.missing).toEqual([{ digest: b.digest, of: index.digest }]);
  });

  it('takes the layers that BuildKit lists in the index of a cache for blobs', async () => {
    const registry = await setup();
    const { mediaType: _, ...empty } = EMPTY_BLOB.descriptor;
    const index = await pushIndex(registry, [{ mediaType: 'application/vnd.buildkit.cacheconfig.v0', ...empty }]);
    const graph = await walkClosedGraph(registry, { repository, digest: index.digest });
    expect(graph?.nodes.map((node) => node.artifactClass)).toEqual(['cache']);
    expect(graph?.blobs.map((blob) => blob.digest)).toEqual([empty.digest]);
  });

  it('is incomplete where there are more referrers than it may look at', async () => {
    const registry = await setup();
    const image = await pushImage(registry, repository);
    for (let i = 0; i < 5; i++) await attach(registry, image, String(i));
    const at = { repository, digest: image.digest };
    expect(await walkClosedGraph(registry, at, { referrerLimit: 4 })).toMatchObject({ complete: false });
    expect((await walkClosedGraph(registry, at, { referrerLimit: 5 }))?.nodes).toHaveLength(6);
    expect(await codeOf(walkClosedGraph(registry, at, { maxManifests: 4 }))).toBe('limit-exceeded');
  });

  it('leaves out a referrer that is not what the registry says, and says so', async () => {
    const registry = await setup();
    const image = await pushImage(registry, repository);
    const good = await attach(registry, image, 'good');
    const unrelated = createArtifactManifest({ artifactType: 'application/vnd.example', layers: [] });
    await registry.putManifest({ repository, reference: unrelated.digest, ...unrelated });
    const broken = Buffer.from('{"schemaVersion":2,"layers":[],"layers":[]}');
    const lying: Registry = {
      ...registry,
      listReferrers: async (of, call) => {
        const known = await registry.listReferrers(of, call);
        if (of.digest !== image.digest) return known;
        const descriptors = [
          ...known.descriptors,
          unrelated,
          { mediaType: image.mediaType, digest: digestOf(broken), size: broken.length },
          { mediaType: image.mediaType, digest: digestOf('absent'), size: 6 },
        ];
        return { ...known, descriptors };
      },
      getManifest: async (at, call) =>
        at.reference === digestOf(broken)
          ? { digest: digestOf(broken), mediaType: image.mediaType, bytes: broken }
          : registry.getManifest(at, call),
    };
    const graph = await walkClosedGraph(lying, { repository, digest: image.digest });
    expect(graph?.nodes.map((node) => node.manifest.digest)).toEqual([image.digest, good.digest]);
    expect(graph?.complete).toBe(false);
  });

  it('does not follow a long chain of referrers to its end', async () => {
    const registry = await setup();
    const image = await pushImage(registry, repository);
    let last: Descriptor = image;
    for (let i = 0; i < 6; i++) last = await attach(registry, last, String(i));
    const graph = await walkClosedGraph(registry, { repository, digest: image.digest });
    expect(graph?.complete).toBe(false);
    expect(graph?.nodes).toHaveLength(4);
  });
});
