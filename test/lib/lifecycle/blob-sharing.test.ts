import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { planRegistry, retentionConfigSchema } from '../../../lib/lifecycle/index.ts';
import { blobSharing, measureStorage, storageConfigSchema } from '../../../lib/storage/index.ts';
import { entry, HOST, layer } from '../storage/fill-catalog.ts';

const config = retentionConfigSchema.parse({
  policies: [{ name: 'p', rules: [{ name: 'all', action: 'expire' }], maxDeletedShare: 1 }],
});
const base = layer('base', 500);
const mounting = storageConfigSchema.parse({ sharing: [{ registries: [HOST], scope: 'registry' }] });

/** One base in two repositories, of which one goes. */
async function freedIn(registry: string, settings = storageConfigSchema.parse({})) {
  const clock = manualClock('2027-01-01T00:00:00.000Z');
  const catalog = memoryCatalog();
  const retention = memoryRetention(clock);
  for (const repository of ['goes', 'stays']) {
    await catalog.enter(entry(repository, 'v1', { registry, layers: [base, layer(repository, 40)] }));
    await catalog.bindTag({ registry, repository, tag: 'v1', digest: entry(repository, 'v1').digest, boundAt: '2026' });
  }
  const ports = {
    ...{ catalog, clock, leases: retention, usage: retention, quarantine: retention, collectors: retention },
    judgements: { of: async () => ({}) },
    sharesBlobs: blobSharing(settings),
  };
  const only = { ...config, policies: config.policies.map((policy) => ({ ...policy, repositories: ['goes'] })) };
  const plans = await planRegistry(ports, registry, only);
  const stored = async () => (await measureStorage(catalog, 'registry', settings, clock.now())).totalBytes;
  const before = await stored();
  for (const { repository, expire } of plans) {
    for (const { deletes } of expire) {
      for (const digest of deletes) await catalog.markDeleted({ registry, repository, digest }, '2027-01-01');
    }
  }
  return { planned: plans.reduce((sum, { freedBytes }) => sum + freedBytes, 0), gone: before - (await stored()) };
}

describe('bytes really freed', () => {
  it('are those of the base too where ECR keeps it in each repository', async () => {
    expect(await freedIn(HOST)).toEqual({ planned: 1540, gone: 1540 });
  });

  it('are not, where blob mounting is on, and in a registry that shares', async () => {
    expect(await freedIn(HOST, mounting)).toEqual({ planned: 1040, gone: 1040 });
    expect(await freedIn('registry.example')).toEqual({ planned: 1040, gone: 1040 });
  });
});
