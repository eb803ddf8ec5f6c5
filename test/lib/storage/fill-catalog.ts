import { digestOf } from '../../../lib/core/digest.ts';
import type { CatalogEntry, ImageCatalog } from '../../../lib/inventory/index.ts';

export const HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const MB = 1_000_000;
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export const layer = (name: string, size: number): CatalogEntry['layers'][number] => ({
  digest: digestOf(`layer ${name}`),
  mediaType: LAYER,
  size,
});

/** A manifest of the catalogue; its digest follows from repository and name. */
export function entry(repository: string, name: string, more: Partial<CatalogEntry> = {}): CatalogEntry {
  const layers = more.layers ?? [];
  return {
    registry: HOST,
    repository,
    digest: digestOf(`${repository} ${name}`),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactClass: 'image',
    platform: 'linux/amd64',
    children: [],
    layers,
    // The manifest itself takes a thousand bytes.
    sizeBytes: layers.reduce((sum, { size }) => sum + size, 0) + 1000,
    labels: {},
    pushedAt: '2026-10-01T00:00:00.000Z',
    firstSeenAt: more.pushedAt ?? '2026-10-01T00:00:00.000Z',
    ...more,
  };
}

const debian = [1, 2, 3].map((n) => layer(`debian 12.${n}`, (28 + n) * MB));
const node = [1, 2].map((n) => layer(`node 24.${n}`, (44 + n) * MB));

/** A company's images: two bases in versions, services on them in versions, a cache, and a signature. */
export async function fillCatalog(catalog: ImageCatalog): Promise<void> {
  const put = async (one: CatalogEntry, ...tags: readonly string[]): Promise<void> => {
    await catalog.enter(one);
    for (const tag of tags) await catalog.bindTag({ ...one, tag, boundAt: one.pushedAt });
  };
  const at = (month: number, day: number): string => new Date(Date.UTC(2026, month - 1, day)).toISOString();
  for (const [i, base] of debian.entries()) {
    await put(entry('base/debian', `12.${i + 1}`, { layers: [base], pushedAt: at(8 + i, 2) }), `12.${i + 1}`);
  }
  for (const [i, own] of node.entries()) {
    const layers = [debian[i + 1] ?? own, own];
    await put(entry('base/node', `24.${i + 1}`, { layers, pushedAt: at(9 + i, 4) }), `24.${i + 1}`);
  }
  const services = [
    'shop/cart',
    'shop/checkout',
    'shop/search',
    'pay/ledger',
    'pay/fraud',
    'data/ingest',
    'data/train',
  ];
  for (const [s, repository] of services.entries()) {
    const team = repository.slice(0, repository.indexOf('/'));
    for (let version = 1; version <= 2 + (s % 3); version++) {
      const newest = version > 1 + (s % 2);
      const base = s % 4 === 3 ? [debian[newest ? 2 : 0]] : [debian[newest ? 2 : 1], node[newest ? 1 : 0]];
      const own = layer(`${repository} ${version}`, (6 + 17 * s + 2 * version) * MB);
      const deps = layer(`${repository} dependencies ${version > 2 ? 2 : 1}`, (20 + 9 * s) * MB);
      await put(
        entry(repository, `v${version}`, {
          layers: [...base.filter((one) => one !== undefined), deps, own],
          labels: { team, 'org.opencontainers.image.version': `${version}` },
          pushedAt: at(9 + Math.floor(version / 3), 3 + 5 * version + s),
        }),
        `v${version}`,
      );
    }
  }
  const signed = entry('shop/cart', 'v1');
  await put(
    entry('shop/cart', 'signature', { artifactClass: 'signature', referrerOf: signed.digest, pushedAt: at(10, 9) }),
  );
  const cached = [layer('shop/cart dependencies 1', 20 * MB), layer('cache', 210 * MB)];
  await put(entry('shop/cart', 'cache', { artifactClass: 'cache', layers: cached, pushedAt: at(11, 2) }), 'buildcache');
  const stale = [layer('stale cache', 180 * MB)];
  await put(
    entry('data/train', 'cache', { artifactClass: 'cache', layers: stale, pushedAt: at(10, 20) }),
    'buildcache',
  );
}
