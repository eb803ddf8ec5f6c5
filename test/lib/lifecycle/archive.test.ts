import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import {
  archiveGraph,
  archiveRepository,
  type ExpiringGraph,
  parseRestoreRequest,
  restoreImage,
} from '../../../lib/lifecycle/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import { type Registry, type RegistryReader, subjectOfTag, walkClosedGraph } from '../../../lib/registry/index.ts';
import { copyGraph } from '../../../lib/replication/index.ts';
import { pushArtifact, pushBuilt, pushIndex } from '../../support/push-images.ts';
import { makeSigner, openArchiveBucket, signEverything, unverified } from '../../support/signed-corpus.ts';
import { buildImage, buildLayer } from '../sbom/image-builder.ts';

const of = { registry: 'memory.example', repository: 'team/app' };
const layer = (name: string) => buildLayer([{ path: name, content: name.repeat(100) }]);
const graphOf = (root: Digest, tags: readonly string[], more: Partial<ExpiringGraph> = {}): ExpiringGraph => ({
  root,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  tags: [...tags],
  partTags: [],
  why: 'cold',
  action: 'archive',
  deletes: [root],
  ...more,
});

async function contentOf(registry: RegistryReader, repository: string, digest: Digest): Promise<Map<string, string>> {
  const graph = await walkClosedGraph(registry, { repository, digest });
  const content = new Map(graph?.nodes.map((node) => [node.manifest.digest as string, digestOf(node.bytes) as string]));
  for (const blob of graph?.blobs ?? []) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of registry.openBlob({ repository, ...blob })) chunks.push(chunk);
    content.set(blob.digest, digestOf(Buffer.concat(chunks)));
  }
  return content;
}

async function withImage() {
  const registry = createMemoryRegistry();
  const archive = createMemoryRegistry({ host: 'archive' });
  const [one, two] = [buildImage([layer('a')]), buildImage([layer('a'), layer('b')])];
  await pushBuilt(registry, of.repository, one, '1-amd64');
  await pushBuilt(registry, of.repository, two);
  const root = await pushIndex(registry, of.repository, [one.descriptor, two.descriptor], '1');
  const subject = { digest: root, mediaType: 'application/vnd.oci.image.index.v1+json', size: 1 };
  await pushArtifact(registry, of.repository, { type: 'application/x.signature', content: Buffer.from('s'), subject });
  const graph = graphOf(root, ['1'], { partTags: [{ tag: '1-amd64', digest: one.descriptor.digest }] });
  return { registry, archive, root, graph, one };
}

const clock = manualClock('2026-06-01T00:00:00.000Z');
/** What restoring needs beside the registries. */
const keeping = () => ({ catalog: memoryCatalog(), leases: memoryRetention(clock), clock, leaseDays: 7 });
const emptied = (): Registry => createMemoryRegistry();
const request = (reference: string) => ({ ...of, reference, reason: 'asked' });

describe('an archived image', () => {
  it('comes back with its children, referrers and tags, byte for byte, wherever it is asked by', async () => {
    const { registry, archive, root, graph } = await withImage();
    const before = await contentOf(registry, of.repository, root);
    await archiveGraph({ registry, archive }, of, graph);
    // Again, as a retry does; and once more after the image has gone.
    await archiveGraph({ registry, archive }, of, graph);
    await archiveGraph({ registry: emptied(), archive }, of, graph);
    for (const reference of ['1', '1-amd64', root]) {
      const target = emptied();
      const [event] = await restoreImage({ registry: target, archive, ...keeping() }, request(reference));
      if (reference === '1-amd64') continue;
      expect(await contentOf(target, of.repository, root)).toEqual(before);
      expect(await Array.fromAsync(target.listTags(of.repository))).toEqual(['1', '1-amd64']);
      expect(event?.data).toMatchObject({ subject: { digest: root, tags: ['1'] }, reason: 'asked' });
    }
  });

  it('is out of reach of all rules for some days, with all its parts, once it is back', async () => {
    const { registry, archive, root, graph } = await withImage();
    await archiveGraph({ registry, archive }, of, graph);
    const { leases, ...others } = keeping();
    const target = emptied();
    await restoreImage({ registry: target, archive, leases, ...others }, request(root));
    const held = await leases.leases(of);
    const nodes = (await walkClosedGraph(target, { repository: of.repository, digest: root }))?.nodes ?? [];
    expect(held.map(({ digest }) => digest).sort()).toEqual(nodes.map(({ manifest }) => manifest.digest).sort());
    expect(held[0]).toMatchObject({ reason: 'restored: asked', until: '2026-06-08T00:00:00.000Z' });
  });

  it('is not brought back while it is being deleted', async () => {
    const { registry, archive, root, graph } = await withImage();
    await archiveGraph({ registry, archive }, of, graph);
    const { leases, ...others } = keeping();
    await leases.condemn(of, root, 'a plan');
    const target = emptied();
    const restoring = restoreImage({ registry: target, archive, leases, ...others }, request(root));
    await expect(restoring).rejects.toMatchObject({ code: 'too-late', retryable: true });
    expect(await target.headManifest({ repository: of.repository, reference: root })).toBeUndefined();
  });

  it('leaves a tag that names something else by now', async () => {
    const { registry, archive, root, graph } = await withImage();
    await archiveGraph({ registry, archive }, of, graph);
    const target = emptied();
    const other = await pushBuilt(target, of.repository, buildImage([layer('c')]), '1');
    await restoreImage({ registry: target, archive, ...keeping() }, request(root));
    expect(await target.headManifest({ repository: of.repository, reference: '1' })).toMatchObject({ digest: other });
    expect(await target.headManifest({ repository: of.repository, reference: root })).toMatchObject({ digest: root });
  });

  it('is none where a part of it is missing, and none where it never was', async () => {
    const { registry, archive, graph, one } = await withImage();
    await registry.deleteManifest({ repository: of.repository, digest: one.descriptor.digest });
    const archived = await archiveGraph({ registry, archive }, of, graph);
    expect(archived).toEqual({ kind: 'incomplete', why: '1 of its parts are missing' });
    expect(await archive.headManifest({ repository: archiveRepository(of), reference: '1' })).toBeUndefined();
    await expect(restoreImage({ registry, archive, ...keeping() }, request('2'))).rejects.toMatchObject({
      code: 'not-archived',
    });
  });

  it('is asked for by name, and by nothing else', () => {
    expect(parseRestoreRequest(request('v1'))).toEqual(request('v1'));
    for (const wrong of [
      {},
      { ...request('v1'), repository: '../x' },
      { ...request('a b') },
      { ...request('1'), reason: '' },
    ]) {
      expect(() => parseRestoreRequest(wrong)).toThrow('not a request to restore an image');
    }
  });
});

const corpora = process.env.LADING_CORPORA;
const why = corpora ? '' : ' (skipped: LADING_CORPORA names no folder)';

describe.skipIf(!corpora)(`every image of the corpus${why}`, () => {
  it('is the same after archive, packing, deletion and restore, and all its signatures are good', async () => {
    const layout = await openOciLayout({ directory: join(corpora ?? '', 'images') });
    const { archive, packer, outcomes, close } = await openArchiveBucket();
    const by = makeSigner();
    let images = 0;
    try {
      for await (const tag of layout.listTags(LAYOUT_REPOSITORY)) {
        const head = await layout.headManifest({ repository: LAYOUT_REPOSITORY, reference: tag });
        const graph = head && (await walkClosedGraph(layout, { repository: LAYOUT_REPOSITORY, digest: head.digest }));
        // A list of referrers under a tag is none of the images: it goes with the one that it is about.
        if (!head || !graph || subjectOfTag(tag)) continue;
        // One repository each: what hangs on an image in one of them would come back with it.
        const here = { ...of, repository: `corpus/${tag.toLowerCase()}` };
        const registry = createMemoryRegistry();
        await copyGraph(
          { source: layout, target: registry, from: LAYOUT_REPOSITORY, repository: here.repository },
          graph,
        );
        const image = { ...here, digest: head.digest };
        await signEverything(registry, image, by);
        expect(await unverified(registry, image, by), tag).toEqual([]);
        const before = await contentOf(registry, here.repository, head.digest);
        await archiveGraph({ registry, archive, packer }, here, graphOf(head.digest, ['v1']));
        const restored = emptied();
        await restoreImage({ registry: restored, archive, ...keeping() }, { ...request(head.digest), ...here });
        expect(await contentOf(restored, here.repository, head.digest), tag).toEqual(before);
        expect(await unverified(restored, image, by), tag).toEqual([]);
        images++;
      }
    } finally {
      await close();
    }
    expect(images).toBeGreaterThan(25);
    expect(outcomes.packed).toBeGreaterThan(0);
  }, 600_000);
});
