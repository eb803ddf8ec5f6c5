import { describe, expect, it } from 'vitest';
import { importBundle, oneLayout, siteTrust } from '../../../../lib/edge/bundle/index.ts';
import { createMemoryRegistry } from '../../../../lib/registry/adapters/memory.ts';
import { seededRandom } from '../../../support/random.ts';
import { closureOf, pushRandomRepository } from '../../../support/random-graphs.ts';
import { bundleOf, desiredOf, hubKey, imagesOf, inMemory, NOW } from './fixtures.ts';

const hub = hubKey();
const source = createMemoryRegistry({ host: 'hub.example' });
const images = await imagesOf(source, 'team/app', await pushRandomRepository(source, 'team/app', seededRandom(31)));
const { archive } = await bundleOf(source, await desiredOf(hub, images));

describe('a bundle at a site with names of its own', () => {
  it('is stored under them', async () => {
    const site = createMemoryRegistry({ host: 'site.example' });
    const trust = await siteTrust(site, 'ship-7', [hub.key], NOW);
    const localName = (name: string): string => `hub/${name}`;
    await importBundle({ target: site, trust, localName }, await inMemory(archive));
    for (const { digest, tags } of images) {
      expect(await closureOf(site, 'hub/team/app', digest)).toEqual(await closureOf(source, 'team/app', digest));
      for (const tag of tags) {
        expect((await site.headManifest({ repository: 'hub/team/app', reference: tag }))?.digest).toBe(digest);
      }
    }
    expect(await Array.fromAsync(site.listTags('team/app'))).toEqual([]);
  });

  it('is refused before anything is stored where one has no place', async () => {
    const site = createMemoryRegistry({ host: 'site.example' });
    const trust = await siteTrust(site, 'ship-7', [hub.key], NOW);
    const work = importBundle({ target: site, trust, localName: () => undefined }, await inMemory(archive));
    await expect(work).rejects.toMatchObject({ code: 'bundle-misplaced' });
    expect(await Array.fromAsync(site.listRepositories())).toEqual([]);
  });

  it('tells repositories apart in a layout, which is one store', async () => {
    const layout = oneLayout({ layout: createMemoryRegistry(), repository: 'layout' });
    const trust = await siteTrust(layout, 'ship-7', [hub.key], NOW);
    await importBundle({ target: layout, trust }, await inMemory(archive));
    for (const { digest, tags } of images) {
      for (const reference of tags) {
        expect((await layout.headManifest({ repository: 'team/app', reference }))?.digest).toBe(digest);
        expect(await layout.headManifest({ repository: 'team/other', reference })).toBeUndefined();
      }
    }
    expect((await Array.fromAsync(layout.listTags('team/app'))).sort()).toEqual(
      images.flatMap(({ tags }) => tags).sort(),
    );
  });
});
