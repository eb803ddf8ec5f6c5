import { systemClock } from '../../../lib/core/clock.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { planRegistry } from '../../../lib/lifecycle/index.ts';
import type { BenchCase } from '../bench-case.ts';
import { median } from '../measure.ts';
import { createRepository, keepNewest } from './retention-repository.ts';

const TAGS = 100_000;
const of = { registry: 'r.example', repository: 'team/app' };

/** A plan over 100,000 tags, as a function makes it: out of a catalogue that is read entry by entry. */
export const retention: BenchCase = {
  name: 'retention plan',
  async run({ runs }) {
    const repository = createRepository(of, TAGS);
    /** When all was read: reading this catalogue is making it. */
    let read = 0;
    const store = memoryRetention(systemClock);
    const ports = {
      ...{ leases: store, usage: store, quarantine: store, collectors: store, clock: systemClock },
      judgements: { of: async () => ({}) },
      catalog: {
        ...memoryCatalog(),
        async *repositories() {
          yield of;
        },
        async *entries() {
          yield* repository.entries();
          read = performance.now();
        },
        async *tags() {
          yield* repository.tags();
          read = performance.now();
        },
      },
    };
    const walls: number[] = [];
    let freed = 0;
    for (let run = 0; run < runs; run++) {
      const plans = await planRegistry(ports, of.registry, keepNewest);
      walls.push((performance.now() - read) / 1000);
      freed = plans[0]?.freedBytes ?? 0;
    }
    if (freed === 0) throw new Error('the plan frees nothing: it was not made over what it should be');
    return [
      { what: 'plan over 100,000 tags, 210,000 manifests', ours: median(walls), unit: 's', goal: { most: 2 } },
      {
        what: 'most memory of the process, reading included',
        ours: process.resourceUsage().maxRSS / 1024,
        unit: 'MiB',
        goal: { most: 1024 },
      },
    ];
  },
};
