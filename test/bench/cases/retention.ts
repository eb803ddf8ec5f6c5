import { digestOf } from '../../../lib/core/digest.ts';
import type { CatalogEntry, TagBinding } from '../../../lib/inventory/index.ts';
import { planRetention, retentionConfigSchema } from '../../../lib/lifecycle/index.ts';
import type { BenchCase } from '../bench-case.ts';
import { median } from '../measure.ts';

const TAGS = 100_000;

/** A plan over 100,000 tags: every tag its image and signature, every tenth an index over two of the images. */
export const retention: BenchCase = {
  name: 'retention plan',
  async run({ runs }) {
    const of = { registry: 'r.example', repository: 'team/app' };
    const time = (i: number): string => new Date(Date.UTC(2024, 0, 1) + i * 600_000).toISOString();
    const entry = (name: string, i: number, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
      ...of,
      digest: digestOf(name),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactClass: 'image',
      children: [],
      layers: [
        { digest: digestOf(`base ${i % 50}`), mediaType: 'x/y', size: 3_000_000 },
        { digest: digestOf(`layer ${name}`), mediaType: 'x/y', size: 20_000 },
      ],
      sizeBytes: 3_021_000,
      labels: {},
      pushedAt: time(i),
      firstSeenAt: time(i),
      ...more,
    });
    const entries: CatalogEntry[] = [];
    const tags: TagBinding[] = [];
    for (let i = 0; i < TAGS; i++) {
      entries.push(entry(`image ${i}`, i));
      entries.push(entry(`signature ${i}`, i, { artifactClass: 'signature', referrerOf: digestOf(`image ${i}`) }));
      tags.push({ ...of, tag: `v${i}`, digest: digestOf(`image ${i}`), boundAt: time(i) });
      if (i % 10 === 0) {
        const children = [i, Math.max(0, i - 1)].map((n) => ({
          digest: digestOf(`image ${n}`),
          mediaType: 'x/y',
          size: 1,
        }));
        entries.push(entry(`index ${i}`, i, { artifactClass: 'index', children, layers: [] }));
      }
    }
    const config = retentionConfigSchema.parse({
      policies: [
        {
          name: 'keep',
          rules: [
            { name: 'newest', when: [{ newest: { count: 1_000 } }, { youngerThan: { days: 30 } }], action: 'keep' },
          ],
          otherwise: 'expire',
        },
      ],
      maxDeletedShare: 1,
      maxDeleted: 1e9,
    });
    const now = new Date(Date.UTC(2026, 0, 1));
    const walls: number[] = [];
    for (let run = 0; run < runs; run++) {
      const began = performance.now();
      planRetention({ of, entries, tags, leases: [], heldElsewhere: () => false, config, now });
      walls.push((performance.now() - began) / 1000);
    }
    return [
      { what: 'plan over 100,000 tags, 210,000 manifests', ours: median(walls), unit: 's', goal: { most: 2 } },
      {
        what: 'memory of the process then',
        ours: process.memoryUsage.rss() / 2 ** 20,
        unit: 'MiB',
        goal: { most: 1024 },
      },
    ];
  },
};
