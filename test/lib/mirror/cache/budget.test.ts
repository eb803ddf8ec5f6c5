import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../../lib/core/digest.ts';
import { createCacheBudget } from '../../../../lib/mirror/cache/budget.ts';

const layer = (n: number): Digest => digestOf(`layer ${n}`);
const image = (n: number): string => `app@${digestOf(`image ${n}`)}`;

/** A disk of contents with sizes. Fails the test if something that is needed is removed, or something else than was there. */
function memoryDisk() {
  const contents = new Map<Digest, number>();
  const dropped: string[] = [];
  return {
    contents,
    dropped,
    bytes: () => [...contents.values()].reduce((a, b) => a + b, 0),
    usedBytes: async () => [...contents.values()].reduce((a, b) => a + b, 0),
    drop: async (key: string, gone: readonly Digest[]) => {
      dropped.push(key);
      for (const digest of gone) expect(contents.delete(digest)).toBe(true);
    },
  };
}

function open(budgetBytes: number, memory?: ReturnType<ReturnType<typeof createCacheBudget>['memory']>) {
  const disk = memoryDisk();
  const clock = manualClock();
  const cache = createCacheBudget({ budgetBytes, disk, clock, memory });
  const hold = async (key: string, contents: ReadonlyMap<Digest, number>): Promise<boolean> => {
    const bytes = [...contents].filter(([d]) => !disk.contents.has(d)).reduce((sum, [, size]) => sum + size, 0);
    cache.held(key, new Map([...contents].filter(([digest]) => disk.contents.has(digest))));
    const place = await cache.reserve(bytes, key);
    if (place === undefined) {
      cache.gone(key);
      // What of it is used by no other is not on the disk any more, either, in a store; here it may stay.
      return false;
    }
    for (const [digest, size] of contents) disk.contents.set(digest, size);
    cache.held(key, contents);
    place.settle();
    return true;
  };
  return { disk, clock, cache, hold };
}

describe('the budget of a cache', () => {
  it('counts what is on its way as used', async () => {
    const { cache } = open(100);
    const first = await cache.reserve(60);
    expect(await cache.reserve(60)).toBeUndefined();
    first?.settle();
    first?.settle();
    expect(await cache.reserve(60)).toBeDefined();
    expect(await cache.status()).toMatchObject({ reservedBytes: 60, notStored: 1 });
  });

  it('drops nothing where that would not be enough', async () => {
    const { cache, hold, disk } = open(100);
    await hold(image(1), new Map([[layer(1), 40]]));
    await hold(image(2), new Map([[layer(2), 40]]));
    cache.lease({ key: image(2), holder: 'desired' });
    expect(await cache.reserve(70)).toBeUndefined();
    expect(disk.dropped).toEqual([]);
    expect(await cache.reserve(60)).toBeDefined();
    expect(disk.dropped).toEqual([image(1)]);
  });

  it('keeps a layer for a leased image when another that shares it goes', async () => {
    const { cache, hold, disk } = open(100);
    await hold(
      image(1),
      new Map([
        [layer(0), 30],
        [layer(1), 30],
      ]),
    );
    await hold(
      image(2),
      new Map([
        [layer(0), 30],
        [layer(2), 30],
      ]),
    );
    cache.lease({ key: image(2), holder: 'operator' });
    expect(await cache.reserve(40)).toBeDefined();
    expect([...disk.contents.keys()]).toEqual([layer(0), layer(2)]);
  });

  it('lets a lease end, and a pull hold its image as long as it runs', async () => {
    const { cache, clock, hold } = open(100);
    await hold(image(1), new Map([[layer(1), 80]]));
    cache.lease({ key: image(1), holder: 'desired', until: clock.now().getTime() + 1000 });
    expect(await cache.reserve(50)).toBeUndefined();
    const done = cache.pin(image(1));
    clock.advance(2000);
    expect(await cache.reserve(50)).toBeUndefined();
    done();
    expect(await cache.reserve(50)).toBeDefined();
  });

  it('remembers leases and use over a restart', async () => {
    const first = open(100);
    await first.hold(image(1), new Map([[layer(1), 50]]));
    await first.hold(image(2), new Map([[layer(2), 50]]));
    first.cache.lease({ key: image(1), holder: 'operator' });
    for (let i = 0; i < 5; i++) first.cache.touch(image(2));
    const memory = JSON.parse(JSON.stringify(first.cache.memory()));
    const second = open(100, memory);
    await second.hold(image(1), new Map([[layer(1), 50]]));
    await second.hold(image(2), new Map([[layer(2), 50]]));
    expect(second.cache.leases()).toEqual([{ key: image(1), holder: 'operator' }]);
    expect(await second.cache.reserve(50)).toBeDefined();
    expect(second.disk.dropped).toEqual([image(2)]);
  });

  it('is kept, and no leased image loses a byte, whatever comes', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('hold' as const),
          image: fc.nat(12),
          layers: fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 5 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('lease' as const), image: fc.nat(12), ms: fc.nat(5000) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), image: fc.nat(12) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(3000) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('touch' as const), image: fc.nat(12) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 20, max: 300 }), async (steps, budget) => {
        const { cache, disk, clock, hold } = open(budget);
        const content = new Map<string, ReadonlyMap<Digest, number>>();
        const leased = new Map<string, number>();
        for (const one of steps) {
          if (one.do === 'hold') {
            // An image's content is what its digest says: always the same.
            const key = image(one.image);
            const own = content.get(key) ?? new Map(one.layers.map((n) => [layer(n), 1 + ((n * 37) % 40)]));
            content.set(key, own);
            if (!cache.has(key)) await hold(key, own);
          } else if (one.do === 'lease' && cache.has(image(one.image))) {
            leased.set(image(one.image), clock.now().getTime() + one.ms);
            cache.lease({ key: image(one.image), holder: 'test', until: clock.now().getTime() + one.ms });
          } else if (one.do === 'release') {
            leased.delete(image(one.image));
            cache.release(image(one.image), 'test');
          } else if (one.do === 'wait') clock.advance(one.ms);
          else if (one.do === 'touch') cache.touch(image(one.image));
          expect(disk.bytes()).toBeLessThanOrEqual(budget);
          for (const [key, until] of leased) {
            if (until <= clock.now().getTime()) leased.delete(key);
            else for (const digest of content.get(key)?.keys() ?? []) expect(disk.contents.has(digest)).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
