import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { reportStorage } from '../../../lib/cost/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogEntry } from '../../../lib/inventory/index.ts';
import { storageConfigSchema } from '../../../lib/storage/index.ts';

const config = storageConfigSchema.parse({});
const GB = 1e9;
const entry = (repository: string, name: string, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  registry: 'r.example',
  repository,
  digest: digestOf(name),
  mediaType: 'x/y',
  artifactClass: 'image',
  children: [],
  layers: [],
  sizeBytes: 0,
  labels: {},
  pushedAt: '2026-01-01T00:00:00.000Z',
  firstSeenAt: '2026-01-01T00:00:00.000Z',
  ...more,
});
/** A month of 730 hours. */
const from = Date.UTC(2026, 1, 1);
const period = { from, until: from + 730 * 3_600_000 };
const half = new Date(from + 365 * 3_600_000).toISOString();
const base = { digest: digestOf('base'), mediaType: 'x/y', size: 2 * GB };

describe('a report of storage', () => {
  it('divides what is shared, ends with a deletion, and counts signatures for their image', async () => {
    const catalog = memoryCatalog();
    await catalog.enter(entry('a', 'a', { layers: [base], sizeBytes: 3 * GB, labels: { team: 'core' } }));
    await catalog.enter(entry('a', 'a.sig', { artifactClass: 'signature', referrerOf: digestOf('a'), sizeBytes: GB }));
    await catalog.enter(entry('b', 'b', { layers: [base], sizeBytes: 2 * GB, labels: { team: 'web' } }));
    await catalog.markDeleted({ registry: 'r.example', repository: 'b', digest: digestOf('b') }, half);
    const byRepository = await reportStorage(catalog, period, 'repository', config);
    expect(byRepository.totalGbMonths).toBeCloseTo(4, 6);
    expect(
      byRepository.lines.map(({ owner, ...line }) => [owner, ...Object.values(line).map((n) => +n.toFixed(6))]),
    ).toEqual([
      ['r.example/a', 3.5, 3, 4],
      ['r.example/b', 0.5, 0, 1],
    ]);
    const byTeam = await reportStorage(catalog, period, { label: 'team' }, config);
    expect(byTeam.lines.map(({ owner }) => owner)).toEqual(['core', 'web']);
    const byRegistry = await reportStorage(catalog, period, 'registry', config);
    expect(byRegistry.lines).toMatchObject([{ owner: 'r.example' }]);
    expect(byRegistry.lines[0]?.fairGbMonths).toBeCloseTo(4, 6);
  });

  it('is empty for a time before the first push', async () => {
    const catalog = memoryCatalog();
    await catalog.enter(entry('a', 'a', { sizeBytes: GB }));
    expect(await reportStorage(catalog, { from: 0, until: 1_000 }, 'repository', config)).toMatchObject({
      lines: [],
      totalGbMonths: 0,
    });
  });
});
