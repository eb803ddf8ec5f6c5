import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import type { Digest } from '../../../lib/core/digest.ts';
import { isLadingError } from '../../../lib/core/errors.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { memorySubjectLocks } from '../../../lib/registry/adapters/subject-locks.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { replicateImage } from '../../../lib/replication/index.ts';
import { lossyRegistry } from '../../support/lossy-registry.ts';
import { seededRandom } from '../../support/random.ts';
import { closureOf, pushRandomRepository } from '../../support/random-graphs.ts';

const FROM = 'team/app';
const TO = 'mirror/app';
const ROUNDS = 400;

/** Looks at every tag after each write that could have moved one, as a client that polls would. */
function watched(target: Registry, source: Registry, seen: { looks: number }): Registry {
  const look = async (): Promise<void> => {
    seen.looks++;
    for await (const tag of target.listTags(TO)) {
      if (tag.startsWith('sha256-')) continue;
      const head = await target.headManifest({ repository: TO, reference: tag });
      const there = await closureOf(target, TO, head?.digest as Digest);
      const wanted = await closureOf(source, FROM, head?.digest as Digest);
      expect(there.lacking).toEqual([]);
      expect([...there.manifests.keys()].sort()).toEqual([...wanted.manifests.keys()].sort());
    }
  };
  const locks = memorySubjectLocks();
  return {
    ...target,
    async putManifest(to, call) {
      const done = await target.putManifest(to, call);
      await look();
      return done;
    },
    async attachReferrer(to, call) {
      // Where there is no referrers API, our client attaches under a lease that all processes share.
      const done = await locks.hold('any', () => target.attachReferrer(to, call));
      await look();
      return done;
    },
  };
}

describe('replication over a bad network', () => {
  it('brings every target to the closure of the source, and never shows a tag of half a graph', async () => {
    let looks = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), fc.boolean(), async (seed, sourceApi, targetApi) => {
        const random = seededRandom(seed);
        const source = createMemoryRegistry({ host: 'source.example', referrersApi: sourceApi });
        const tags = new Map(await pushRandomRepository(source, FROM, random));
        const target = createMemoryRegistry({ host: 'target.example', referrersApi: targetApi });
        const seen = { looks: 0 };
        const watch = watched(target, source, seen);
        const replicas = memoryReplicas();
        const clock = manualClock();
        let parted = 0;
        const trouble = { loss: 0.2, throttled: 0.05, crashes: 0.02, isParted: () => parted > 0 };
        // Every tag is told twice, in any order: two workers may have the same one at once.
        const queue = [...tags.keys(), ...tags.keys()].sort(() => random() - 0.5);
        const work = async (tag: string): Promise<void> => {
          const ports = {
            source: lossyRegistry(source, random, trouble),
            target: lossyRegistry(watch, random, trouble),
            ...{ replicas, clock },
          };
          const digest = tags.get(tag) as Digest;
          const request = {
            source: { registry: source.host, repository: FROM, digest },
            target: { registry: target.host, repository: TO },
            tags: [tag],
          };
          try {
            const result = await replicateImage(ports, request);
            expect(result.kind).toBe('replicated');
          } catch (error) {
            // A failed delivery comes again; an expectation that failed does not.
            if (!isLadingError(error)) throw error;
            queue.push(tag);
          }
        };
        for (let round = 0; queue.length > 0 && round < ROUNDS; round++) {
          parted = random() < 0.1 ? 2 : Math.max(0, parted - 1);
          // The source moves on meanwhile.
          const [first] = tags.keys();
          if (round === 3 && first !== undefined) {
            const other = [...tags.values()].at(-1) as Digest;
            const found = await source.getManifest({ repository: FROM, reference: other });
            if (found) await source.putManifest({ repository: FROM, reference: first, ...found });
            tags.set(first, other);
            queue.push(first);
          }
          await Promise.all(queue.splice(0, 3).map(work));
        }
        expect(queue).toEqual([]);
        for (const [tag, digest] of tags) {
          expect((await target.headManifest({ repository: TO, reference: tag }))?.digest).toBe(digest);
          const there = await closureOf(target, TO, digest);
          const wanted = await closureOf(source, FROM, digest);
          expect(there.lacking).toEqual([]);
          expect([...there.manifests].sort()).toEqual([...wanted.manifests].sort());
          expect([...there.blobs].sort()).toEqual([...wanted.blobs].sort());
        }
        looks += seen.looks;
      }),
      { numRuns: 40 },
    );
    expect(looks).toBeGreaterThan(100);
  });
});
