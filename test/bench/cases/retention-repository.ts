import { digestOf } from '../../../lib/core/digest.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from '../../../lib/inventory/index.ts';
import { retentionConfigSchema } from '../../../lib/lifecycle/index.ts';

const time = (i: number): string => new Date(Date.UTC(2024, 0, 1) + i * 600_000).toISOString();

/** So many tags: each with its image and a signature, each tenth with an index over two of the images. Made as it is read. */
export function createRepository(of: RepositoryName, tags: number) {
  const entry = (name: string, i: number, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
    ...of,
    digest: digestOf(name),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactClass: 'image',
    children: [],
    layers: [
      { digest: digestOf(`base ${i % 50}`), mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: 3_000_000 },
      { digest: digestOf(`layer ${name}`), mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: 20_000 },
    ],
    sizeBytes: 3_021_000,
    labels: {},
    pushedAt: time(i),
    firstSeenAt: time(i),
    ...more,
  });
  return {
    *entries(): Generator<CatalogEntry> {
      for (let i = 0; i < tags; i++) {
        yield entry(`image ${i}`, i);
        yield entry(`signature ${i}`, i, { artifactClass: 'signature', referrerOf: digestOf(`image ${i}`) });
        if (i % 10 !== 0) continue;
        const children = [i, Math.max(0, i - 1)].map((n) => ({
          digest: digestOf(`image ${n}`),
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          size: 1,
        }));
        yield entry(`index ${i}`, i, { artifactClass: 'index', children, layers: [] });
      }
    },
    *tags(): Generator<TagBinding> {
      for (let i = 0; i < tags; i++) {
        yield { ...of, tag: `v${i}`, digest: digestOf(`image ${i}`), boundAt: time(i) };
      }
    },
  };
}

/** Keeps the newest thousand and what is young. */
export const keepNewest = retentionConfigSchema.parse({
  policies: [
    {
      name: 'keep',
      rules: [{ name: 'newest', when: [{ newest: { count: 1_000 } }, { youngerThan: { days: 30 } }], action: 'keep' }],
      otherwise: 'expire',
    },
  ],
  maxDeletedShare: 1,
  maxDeleted: 1e9,
  maxDeletedPerRun: 1e9,
});
