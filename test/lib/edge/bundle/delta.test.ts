import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../../lib/core/digest.ts';
import { isLadingError } from '../../../../lib/core/errors.ts';
import { type BundleImage, importBundle, planBundle, siteTrust } from '../../../../lib/edge/bundle/index.ts';
import { layOutBundle } from '../../../../lib/edge/bundle/lay-out-bundle.ts';
import { createMemoryRegistry } from '../../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../../lib/registry/index.ts';
import { seededRandom } from '../../../support/random.ts';
import { closureOf, pushRandomRepository } from '../../../support/random-graphs.ts';
import { bundleOf, desiredOf, hubKey, imagesOf, inMemory, NOW } from './fixtures.ts';

const hub = hubKey();
const REPOSITORIES = ['team/app', 'team/tools', 'other/base'];

/** Three repositories; one has what another has, too, as bases and shared layers are. */
async function randomSource(random: () => number): Promise<{ source: Registry; images: readonly BundleImage[] }> {
  const source = createMemoryRegistry({ host: 'hub.example' });
  const images: BundleImage[] = [];
  for (const [i, repository] of REPOSITORIES.entries()) {
    const own = i === 2 ? seededRandom(7) : random;
    images.push(...(await imagesOf(source, repository, await pushRandomRepository(source, repository, own))));
  }
  // The same images once more under another name.
  const tags = await pushRandomRepository(source, 'copies/base', seededRandom(7));
  images.push(...(await imagesOf(source, 'copies/base', tags)));
  return { source, images };
}

const heldBy = (images: readonly BundleImage[]): Set<Digest> =>
  new Set(images.flatMap(({ parts }) => parts.map(({ digest }) => digest)));

async function expectHeld(site: Registry, source: Registry, images: readonly BundleImage[]): Promise<void> {
  for (const { repository, digest, tags } of images) {
    const [there, wanted] = await Promise.all([
      closureOf(site, repository, digest),
      closureOf(source, repository, digest),
    ]);
    expect(there).toEqual(wanted);
    for (const tag of tags) expect((await site.headManifest({ repository, reference: tag }))?.digest).toBe(digest);
  }
}

const trustOf = (site: Registry, name = 'ship-7') => siteTrust(site, name, [hub.key], NOW);

describe('a delta bundle', () => {
  it('has exactly the bytes that are missing, and makes of what a site has what it should have', async () => {
    let partial = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), async (seed, referrersApi) => {
        const random = seededRandom(seed);
        const { source, images } = await randomSource(random);
        const before = images.filter(() => random() < 0.4);
        const wanted = images.filter(() => random() < 0.6);
        const site = createMemoryRegistry({ host: 'site.example', referrersApi });
        const first = await bundleOf(source, await desiredOf(hub, before, { generation: 1 }));
        await importBundle({ target: site, trust: await trustOf(site) }, await inMemory(first.archive));
        await expectHeld(site, source, before);

        const held = heldBy(before);
        const desired = await desiredOf(hub, wanted, { generation: 2 });
        const { plan, archive } = await bundleOf(source, desired, held);
        const missing = [...heldBy(wanted)].filter((digest) => !held.has(digest));
        expect(plan.parts.map(({ digest }) => digest).sort()).toEqual(missing.sort());
        // What is not content: the head, a header and padding for each part, two blocks at the end.
        const { headBytes } = layOutBundle(plan);
        const padding = plan.parts.reduce((sum, { size }) => sum + 512 + ((512 - (size % 512)) % 512), 0);
        expect(archive.length).toBe(headBytes + plan.bytesMissing + padding + 1024);

        const result = await importBundle({ target: site, trust: await trustOf(site) }, await inMemory(archive));
        expect(result).toMatchObject({ bytesStored: plan.bytesMissing, partsStored: missing.length, partsSkipped: 0 });
        await expectHeld(site, source, wanted);
        if (missing.length > 0 && missing.length < heldBy(wanted).size) partial++;

        const again = await inMemory(archive);
        const second = await importBundle({ target: site, trust: await trustOf(site) }, again);
        expect(second).toMatchObject({ bytesStored: 0, partsStored: 0, tags: 0 });
        // The head, and the two blocks at the end.
        expect(again.count()).toBe(headBytes + 1024 + 4);
      }),
      { numRuns: 25 },
    );
    expect(partial).toBeGreaterThan(5);
  });

  it('goes on where an import was broken off, and reads nothing again that is stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), async (seed, share) => {
        const { source, images } = await randomSource(seededRandom(seed));
        const { plan, archive } = await bundleOf(source, await desiredOf(hub, images));
        const site = createMemoryRegistry({ host: 'site.example' });
        let stored = 0;
        const target: Registry = {
          ...site,
          async putBlob(to, call) {
            await site.putBlob(to, call);
            stored += to.size;
          },
        };
        const limit = 4 + Math.floor(archive.length * share);
        const run = async (bytes: Awaited<ReturnType<typeof inMemory>>) =>
          importBundle({ target, trust: await trustOf(site) }, bytes);
        await run(await inMemory(archive, limit)).then(
          () => undefined,
          (error: Error) => expect(error.message).toBe('pulled out'),
        );
        const before = stored;
        const rest = await inMemory(archive);
        await run(rest);
        await expectHeld(site, source, images);
        expect(rest.count()).toBeLessThanOrEqual(archive.length - before + 4);
        expect(stored).toBe(plan.parts.reduce((sum, part) => (isBlob(part) ? sum + part.size : sum), 0));
      }),
      { numRuns: 25 },
    );
  });

  it('sets an image’s tags before the next image is read', async () => {
    const { source, images } = await randomSource(seededRandom(5));
    const { archive } = await bundleOf(source, await desiredOf(hub, images));
    const site = createMemoryRegistry({ host: 'site.example' });
    const [first] = images as [BundleImage];
    const done: string[] = [];
    await importBundle(
      {
        target: site,
        trust: await trustOf(site),
        onImage: ({ digest }) => void done.push(digest),
        onVerified: async () =>
          expect(await site.headManifest({ repository: first.repository, reference: first.digest })).toBeUndefined(),
      },
      await inMemory(archive),
    );
    expect(done).toEqual(images.map(({ digest }) => digest));
  });

  it('says what it counts on where the site does not have it', async () => {
    const { source, images } = await randomSource(seededRandom(11));
    const { archive } = await bundleOf(source, await desiredOf(hub, images), heldBy(images.slice(0, 1)));
    const site = createMemoryRegistry({ host: 'site.example' });
    const failure = await importBundle({ target: site, trust: await trustOf(site) }, await inMemory(archive)).catch(
      (e: unknown) => e,
    );
    expect(isLadingError(failure, 'bundle-base-missing')).toBe(true);
  });

  it('is not made where the source lacks a part', async () => {
    const { source, images } = await randomSource(seededRandom(3));
    const [image] = images as [BundleImage];
    await source.deleteManifest({ repository: image.repository, digest: image.digest });
    await expect(planBundle(source, { images: [image], attached: [] }, new Set())).rejects.toMatchObject({
      code: 'bundle-source-incomplete',
    });
  });
});

const isBlob = ({ mediaType }: { readonly mediaType: string }): boolean => !/manifest|index/.test(mediaType);
