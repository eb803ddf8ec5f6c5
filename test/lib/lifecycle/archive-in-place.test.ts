import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import type { Digest } from '../../../lib/core/digest.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { recordStorageClass } from '../../../lib/inventory/index.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import {
  bringBack,
  carryOutPlan,
  keepArchive,
  planRegistry,
  retentionConfigSchema,
} from '../../../lib/lifecycle/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import type { ArchivalClass, Registry } from '../../../lib/registry/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { pushBuilt } from '../../support/push-images.ts';
import { buildImage, buildLayer } from '../sbom/image-builder.ts';
import { entry } from '../storage/fill-catalog.ts';

const of = { registry: 'memory.example', repository: 'team/app' };
const { repository } = of;
const config = retentionConfigSchema.parse({
  policies: [
    {
      name: 'p',
      rules: [{ name: 'cold', action: 'archive', storageClass: 'ecr-archive' }],
      keepArchivedDays: 100,
      maxDeletedShare: 1,
    },
  ],
  dryRun: false,
});
const DAY = 24 * 3600 * 1000;

/** A registry with an archival class: what is in it is there, and cannot be read. */
function withArchivalClass(inner: Registry, refuses: (digest: Digest) => boolean = () => false) {
  const away = new Set<Digest>();
  const archivalClass: ArchivalClass = {
    async archive({ digest }) {
      if (refuses(digest)) return 'refused';
      if ((await inner.headManifest({ repository, reference: digest })) === undefined) return 'unknown';
      away.add(digest);
      return 'archived';
    },
    async restore({ reference }) {
      const head = await inner.headManifest({ repository, reference });
      if (!head) return 'unknown';
      away.delete(head.digest);
      return { digest: head.digest, state: 'activating' };
    },
  };
  const hide = <T extends { readonly digest: Digest }>(found: T | undefined) =>
    found && away.has(found.digest) ? undefined : found;
  const registry: Registry = {
    ...inner,
    archivalClass,
    headManifest: async (at, call) => hide(await inner.headManifest(at, call)),
    getManifest: async (at, call) => hide(await inner.getManifest(at, call)),
  };
  return { registry, away };
}

async function world(options: { readonly refuses?: boolean; readonly plain?: boolean } = {}) {
  const clock = manualClock('2026-06-01T00:00:00.000Z');
  const inner = createMemoryRegistry({ host: of.registry });
  const image = buildImage([buildLayer([{ path: 'a', content: 'a' }])]);
  const digest = await pushBuilt(inner, repository, image, 'v1');
  const wrapped = withArchivalClass(inner, () => options.refuses ?? false);
  const registry = options.plain ? inner : wrapped.registry;
  const catalog = memoryCatalog();
  await catalog.enter({
    ...entry(repository, 'v1'),
    ...of,
    digest,
    pushedAt: '2026-01-01T00:00:00.000Z',
    firstSeenAt: '2026-01-01T00:00:00.000Z',
  });
  await catalog.bindTag({ ...of, tag: 'v1', digest, boundAt: '2026-01-01T00:00:00.000Z' });
  const retention = memoryRetention(clock);
  const ports = {
    ...{ registry, catalog, clock, ledger: memoryLedger(clock), archive: createMemoryRegistry({ host: 'archive' }) },
    ...{ leases: retention, holds: retention, usage: retention, quarantine: retention, collectors: retention },
    judgements: { of: async () => ({}) },
    replicated: () => false,
    open: async () => inner,
    collector: { collect: async () => ({ marked: 0, deleted: 0, bytes: 0 }) },
  };
  const plan = async () => (await planRegistry(ports, of.registry, config))[0];
  const carryOut = async () => {
    const [spared, events]: [string[], object[]] = [[], []];
    const made = await plan();
    if (!made) throw new Error('no plan');
    await carryOutPlan(ports, made, { key: 'k', digest: made.expire[0]?.root ?? digest }, config, async (step) => {
      const done = await step.perform();
      if (done.spared !== undefined) spared.push(done.spared);
      events.push(...done.events);
    });
    return { spared, events };
  };
  return { ...ports, inner, digest, away: wrapped.away, retention, plan, carryOut };
}

describe("archiving in the registry's own archival class", () => {
  it('frees nothing, deletes nothing, sets nothing aside, and takes it out of the catalogue', async () => {
    const w = await world();
    expect(await w.plan()).toMatchObject({ expire: [{ action: 'ecr-archive' }], freedBytes: 0 });
    expect(await w.carryOut()).toMatchObject({ spared: [], events: [{ data: { storage: 'registry' } }] });
    expect([...w.away]).toEqual([w.digest]);
    expect(await w.inner.headManifest({ repository, reference: 'v1' })).toMatchObject({ digest: w.digest });
    expect(await w.catalog.find({ ...of, digest: w.digest })).toMatchObject({ archivedIn: 'registry' });
    expect(await w.plan()).toMatchObject({ expire: [], keep: [] });
  });

  it('never takes what is leased or pulled, what the registry refuses, or where there is no such class', async () => {
    const leased = await world();
    const made = await leased.plan();
    expect(made?.expire).toHaveLength(1);
    await leased.retention.hold(of, { digest: leased.digest, reason: 'runs', until: '2026-07-01T00:00:00.000Z' });
    expect((await leased.carryOut()).spared).toEqual([]);
    expect(leased.away.size).toBe(0);
    const refusing = await world({ refuses: true });
    expect((await refusing.carryOut()).spared).toEqual([`${of.registry} does not archive it`]);
    expect(await refusing.catalog.find({ ...of, digest: refusing.digest })).not.toHaveProperty('deletedAt');
    const plain = await world({ plain: true });
    expect((await plain.carryOut()).spared).toEqual([`${of.registry} has no archival storage class`]);
  });

  it('is undone on request, by tag or digest, and holds what came back', async () => {
    for (const by of ['tag', 'digest'] as const) {
      const w = await world();
      await w.carryOut();
      const reference = by === 'tag' ? 'v1' : w.digest;
      const [event] = await bringBack(w, { ...of, reference, reason: 'asked' });
      expect(event?.data).toMatchObject({ subject: { digest: w.digest }, reason: 'asked' });
      expect(w.away.size).toBe(0);
      expect(await w.retention.leases(of)).toMatchObject([{ digest: w.digest, reason: 'restored: asked' }]);
    }
  });

  it('ends after the days of the policy, counted from when it was archived', async () => {
    const w = await world();
    await w.carryOut();
    w.clock.advance(99 * DAY);
    expect(await keepArchive(w, config)).toMatchObject({ dropped: 0 });
    w.clock.advance(2 * DAY);
    expect(await keepArchive(w, config)).toMatchObject({ dropped: 1 });
    expect(await w.inner.headManifest({ repository, reference: w.digest })).toBeUndefined();
  });

  it('is followed where the registry did it by itself, and asked for where the event came late', async () => {
    const w = await world();
    const told = { ...of, digest: w.digest, storageClass: 'archive' as const, changedAt: '2026-06-01T00:00:00.000Z' };
    await recordStorageClass(w, told);
    expect(await w.catalog.find({ ...of, digest: w.digest })).not.toHaveProperty('archivedAt');
    w.away.add(w.digest);
    await recordStorageClass(w, told);
    expect(await w.catalog.find({ ...of, digest: w.digest })).toMatchObject({ archivedIn: 'registry' });
    w.away.clear();
    await recordStorageClass(w, { ...told, storageClass: 'standard' });
    expect(await w.catalog.find({ ...of, digest: w.digest })).not.toHaveProperty('archivedAt');
  });
});
