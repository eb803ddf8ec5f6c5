import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import type { Digest } from '../../../../lib/core/digest.ts';
import { type CacheBudgetOptions, createCacheBudget } from '../../../../lib/mirror/cache/budget.ts';
import { otherPolicy } from './others.ts';
import { makeTrace, type TraceImage } from './trace.ts';

/** A disk that only counts. */
function countingDisk() {
  const contents = new Map<Digest, number>();
  let bytes = 0;
  return {
    contents,
    bytes: () => bytes,
    put(digest: Digest, size: number) {
      if (!contents.has(digest)) bytes += size;
      contents.set(digest, size);
    },
    usedBytes: async () => bytes,
    drop: async (_key: string, gone: readonly Digest[]) => {
      for (const digest of gone) {
        bytes -= contents.get(digest) ?? 0;
        contents.delete(digest);
      }
    },
  };
}

async function replay(
  { images, requests }: ReturnType<typeof makeTrace>,
  budgetBytes: number,
  policy?: CacheBudgetOptions['policy'],
) {
  const disk = countingDisk();
  const cache = createCacheBudget({ budgetBytes, disk, clock: manualClock(), ...(policy ? { policy } : {}) });
  const told = { hits: 0, bytesHit: 0, bytes: 0, most: 0 };
  for (const position of requests) {
    const { key, contents } = images[position] as TraceImage;
    const missing = [...contents].filter(([digest]) => !disk.contents.has(digest));
    const [whole, absent] = [sum(contents.values()), sum(missing.map(([, size]) => size))];
    told.bytes += whole;
    told.bytesHit += whole - absent;
    if (cache.has(key)) told.hits += 1;
    // Room for all of it: a base that it shares may be dropped to make room, as it is not held for this image yet.
    else await store(cache, disk, key, contents);
    cache.touch(key);
    told.most = Math.max(told.most, disk.bytes());
  }
  return { pulls: told.hits / requests.length, bytes: told.bytesHit / told.bytes, most: told.most };
}

async function store(
  cache: ReturnType<typeof createCacheBudget>,
  disk: ReturnType<typeof countingDisk>,
  key: string,
  contents: ReadonlyMap<Digest, number>,
): Promise<void> {
  // What is here already belongs to the image from now on.
  cache.held(key, new Map([...contents].filter(([digest]) => disk.contents.has(digest))));
  const absent = [...contents].filter(([digest]) => !disk.contents.has(digest));
  const place = await cache.reserve(sum(absent.map(([, size]) => size)), key);
  if (place === undefined) {
    cache.gone(key);
    return;
  }
  for (const [digest, size] of absent) disk.put(digest, size);
  cache.held(key, contents);
  place.settle();
}

const sum = (sizes: Iterable<number>): number => [...sizes].reduce((a, b) => a + b, 0);

/** Points of a hundred by which pulls must be answered from the disk more often. Stated in docs/edge.md. */
const MARGIN_OVER_LRU = 0.1;
const MARGIN_OVER_LFU = 0.04;

describe('what is kept at an edge', () => {
  const trace = (seed: number) =>
    makeTrace({ seed, images: 1000, requests: 12_000, skew: 1.1, driftEvery: 500, scanEvery: 2500, scanLength: 150 });

  it('sees requests as registries do: a small head draws about half of them', () => {
    const { images, requests } = trace(1);
    const counts = new Map<number, number>();
    for (const position of requests) counts.set(position, (counts.get(position) ?? 0) + 1);
    const head = [...counts.values()].sort((a, b) => b - a).slice(0, images.length / 20);
    expect(sum(head) / requests.length).toBeGreaterThan(0.42);
    const layers = [...new Map(images.flatMap(({ contents }) => [...contents]))].map(([, size]) => size);
    expect(layers.filter((size) => size < 1_000_000).length / layers.length).toBeCloseTo(0.6, 1);
    expect(layers.filter((size) => size < 10_000_000).length / layers.length).toBeGreaterThan(0.8);
  });

  it.each([
    [1, 0.05],
    [2, 0.05],
    [3, 0.1],
    [4, 0.2],
  ])('answers more pulls than by age or by count, within the budget (seed %i, %f of all bytes)', async (seed, part) => {
    const given = trace(seed);
    const all = sum(new Map(given.images.flatMap(({ contents }) => [...contents])).values());
    const budget = Math.round(all * part);
    const [ours, lru, lfu] = [
      await replay(given, budget),
      await replay(given, budget, otherPolicy('lru')),
      await replay(given, budget, otherPolicy('lfu')),
    ];
    expect(Math.max(ours.most, lru.most, lfu.most)).toBeLessThanOrEqual(budget);
    expect(ours.pulls - lru.pulls).toBeGreaterThanOrEqual(MARGIN_OVER_LRU);
    expect(ours.pulls - lfu.pulls).toBeGreaterThanOrEqual(MARGIN_OVER_LFU);
    // Nor are the bytes of the link forgotten for it.
    expect(ours.bytes).toBeGreaterThanOrEqual(lru.bytes);
  });
});
