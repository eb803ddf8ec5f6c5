import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import type { EventDraft, ImageSubject } from '../../../lib/events/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { type CatalogEntry, catalogImage } from '../../../lib/inventory/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import {
  checkReplica,
  compareReplica,
  expectedStates,
  planRepairs,
  planWithdrawals,
  type ReplicaState,
  replicaStateSchema,
  replicateImage,
  replicationConfigSchema,
  withdrawReplica,
} from '../../../lib/replication/index.ts';
import { seededRandom } from '../../support/random.ts';
import { closureOf, pushRandomRepository } from '../../support/random-graphs.ts';

const of = { registry: 'source.example', repository: 'team/app' };
const target = { registry: 'target.example', repository: 'team/app' };
const HOUR = 3_600_000;

function dataOf<Data>(draft: EventDraft | undefined): Data {
  if (draft === undefined) throw new Error('there is no event');
  return draft.data as Data;
}

const configOf = (rule: object = {}) =>
  replicationConfigSchema.parse({
    rules: [{ name: 'all', from: of.registry, to: [{ registry: target.registry }], ...rule }],
  });

async function tagsOf(registry: Registry, repository: string): Promise<ReadonlyMap<string, Digest>> {
  const tags = new Map<string, Digest>();
  for await (const tag of registry.listTags(repository)) {
    const head = await registry.headManifest({ repository, reference: tag });
    if (head) tags.set(tag, head.digest);
  }
  return tags;
}

/** A source with random graphs, what the catalogue knows of it, and a target. */
async function makeWorld(seed: number, rule: object = {}) {
  const source = createMemoryRegistry({ host: of.registry });
  const copy = createMemoryRegistry({ host: target.registry });
  const tags = await pushRandomRepository(source, of.repository, seededRandom(seed));
  const clock = manualClock('2026-01-01T00:00:00.000Z');
  const catalog = memoryCatalog();
  const pushedAt = clock.now().toISOString();
  for (const digest of new Set(tags.values())) {
    const closure = await closureOf(source, of.repository, digest);
    for (const one of closure.manifests.keys()) {
      const ports = { catalog, registry: source, clock, replicas: { sourceOf: async () => undefined } };
      await catalogImage(ports, { ...of, digest: one, tags: [], pushedAt });
    }
  }
  clock.advance(HOUR);
  const replicas = memoryReplicas();
  const config = configOf(rule);
  let state: ReplicaState | undefined;
  const compare = async (deepChecks = 0, deleted: readonly Digest[] = []) => {
    const entries = new Map<Digest, CatalogEntry>();
    for await (const entry of catalog.entries(of))
      if (!deleted.includes(entry.digest)) entries.set(entry.digest, entry);
    const live = await tagsOf(source, of.repository);
    const view = { of, entries, tags: live, boundAt: new Map(), verdictOf: () => 'allow' as const };
    const [expected] = await expectedStates(config, view, async () => undefined);
    if (expected === undefined) throw new Error('nothing is expected');
    const deep = async (image: { readonly root: Digest; readonly tags: readonly string[] }) =>
      checkReplica({ source, target: copy }, { source: { ...of, digest: image.root }, target, tags: image.tags });
    const has = async (digest: Digest) =>
      (await copy.headManifest({ repository: target.repository, reference: digest })) !== undefined;
    const seen = { tags: await tagsOf(copy, target.repository), has, deep };
    const before = state;
    const options = { now: clock.now(), graceMs: 60_000, deepChecks };
    const comparison = await compareReplica(of, expected, seen, state, options);
    // It is written down and read again between sweeps.
    state = replicaStateSchema.parse(JSON.parse(JSON.stringify(comparison.state)));
    return { comparison, expected, before };
  };
  const perform = async ({ digest, tags: wanted }: ImageSubject): Promise<void> => {
    const request = { source: { ...of, digest }, target, tags: wanted, thorough: true };
    await replicateImage({ source, target: copy, replicas, clock }, request);
  };
  const repair = async (trigger: 'schedule' | 'manual' = 'schedule') => {
    const { comparison, expected } = await compare();
    const options = { now: clock.now(), trigger, most: 1_000 };
    const drafts = await planRepairs({ replicas }, config, of, expected, comparison, options);
    for (const { data } of drafts) await perform((data as { readonly subject: ImageSubject }).subject);
    return { drafts, comparison };
  };
  return { source, copy, tags, clock, catalog, replicas, config, compare, repair };
}

describe('a target that is compared with what it should hold', () => {
  it('is brought to it by backfill, and then is proven equal and stays unexamined', async () => {
    const world = await makeWorld(3);
    const first = await world.repair();
    expect(first.drafts.length).toBeGreaterThan(0);
    expect(new Set(first.drafts.map(({ detailType }) => detailType))).toEqual(new Set(['Replication Requested']));
    expect(first.comparison.state.provenEqualAt).toBeUndefined();
    expect(first.comparison.state.lagMs).toBe(HOUR);
    const { comparison } = await world.compare();
    expect(comparison).toMatchObject({ differences: [], state: { missing: 0, moved: 0, lagMs: 0 } });
    expect(comparison.state.heldRoot).toBe(comparison.state.expectedRoot);
    expect(comparison.state.provenEqualAt).toBe(world.clock.now().toISOString());
    expect((await world.compare()).comparison.looked).toBe(0);
  });

  it('diverges by one thing at a time, is looked into there alone, and is repaired', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 1_000 }), fc.nat(), async (seed, choice) => {
        const world = await makeWorld(seed);
        await world.repair();
        await world.compare();
        const { repository } = target;
        const [[tag, digest] = ['', digestOf('')]] = [...world.tags].slice(choice % world.tags.size);
        if (choice % 3 === 0) await world.copy.deleteTag({ repository, tag });
        else if (choice % 3 === 1) await world.copy.deleteManifest({ repository, digest });
        else {
          const [other] = (await closureOf(world.source, of.repository, digest)).manifests.keys();
          const found = other && (await world.copy.getManifest({ repository, reference: other }));
          if (found && other !== digest) await world.copy.putManifest({ repository, reference: tag, ...found });
          else await world.copy.deleteTag({ repository, tag });
        }
        const { drafts, comparison } = await world.repair('manual');
        // What lies in another bucket was not asked for; a manifest that went untagged is met by the scrub.
        expect(comparison.looked).toBeLessThanOrEqual(world.tags.size);
        expect(drafts.length).toBeGreaterThan(0);
        for (let run = 0; run < 20; run++) await world.compare(1_000);
        await world.repair('manual');
        const { comparison: after } = await world.compare();
        expect(after.state.heldRoot).toBe(after.state.expectedRoot);
      }),
      { numRuns: 25 },
    );
  });

  it('tells by schedule that what had arrived is gone, and asks by hand for a copy', async () => {
    const world = await makeWorld(5);
    await world.repair();
    await world.compare();
    const [[tag = '', digest] = []] = world.tags;
    await world.copy.deleteTag({ repository: target.repository, tag });
    const { comparison, expected } = await world.compare();
    const options = { now: world.clock.now(), most: 10 };
    const plan = (trigger: 'schedule' | 'manual', given = world.config) =>
      planRepairs(world, given, of, expected, comparison, { ...options, trigger });
    expect(await plan('schedule')).toMatchObject([
      { detailType: 'Replica Diverged', data: { difference: 'tag-moved', subject: { digest } } },
    ]);
    expect(await plan('manual')).toMatchObject([{ detailType: 'Replication Requested', data: { reason: 'manual' } }]);
    const windows = [{ from: '03:00', until: '04:00' }];
    expect(await plan('schedule', configOf({ to: [{ registry: target.registry, windows }] }))).toEqual([]);
  });

  it('is searched to the last blob by and by', async () => {
    const world = await makeWorld(8);
    await world.repair();
    await world.compare();
    const [digest = digestOf('')] = world.tags.values();
    const { blobs } = await closureOf(world.source, of.repository, digest);
    const [lost] = blobs.keys();
    const { headBlob } = world.copy;
    Object.assign(world.copy, {
      headBlob: async (at: { readonly repository: string; readonly digest: Digest }) =>
        at.digest === lost ? undefined : headBlob(at),
    });
    const found: string[] = [];
    for (let run = 0; run < 20; run++) {
      const { comparison } = await world.compare(1_000);
      found.push(...comparison.differences.map(({ kind }) => kind));
      if (found.length === 0) expect(comparison.state.scrubbedAt).toBeUndefined();
    }
    expect(found).toContain('incomplete');
  });
});

describe('a copy whose original is gone', () => {
  const gone = async (rule: object) => {
    const world = await makeWorld(4, rule);
    await world.repair();
    await world.compare();
    const [[tag = '', digest = digestOf('')] = []] = world.tags;
    const others = [...world.tags].filter(([name]) => name !== tag);
    const kept = new Set<Digest>();
    for (const [, one] of others) {
      for (const part of (await closureOf(world.source, of.repository, one)).manifests.keys()) kept.add(part);
    }
    await world.source.deleteManifest({ repository: of.repository, digest });
    const deletedAt = world.clock.now().toISOString();
    const plan = async () => {
      const { comparison, before } = await world.compare(0, [digest]);
      return planWithdrawals(
        world,
        world.config,
        of,
        target,
        comparison,
        {
          tags: await tagsOf(world.source, of.repository),
          deletedTags: new Map([[tag, deletedAt]]),
          deletedImages: [{ digest, mediaType: 'application/vnd.oci.image.index.v1+json', deletedAt }],
        },
        { now: world.clock.now(), most: 10, before },
      );
    };
    const withdraw = (subject: ImageSubject, ports: object = {}) =>
      withdrawReplica(
        {
          ...{ source: world.source, target: world.copy, replicas: world.replicas },
          isHeld: async () => false,
          parentsOf: async (at) => (kept.has(at.digest) ? [digestOf('a parent')] : []),
          ...ports,
        },
        subject,
        target,
        'all',
      );
    return { world, tag, digest, kept, plan, withdraw };
  };

  it('stays where no rule says otherwise', async () => {
    expect(await (await gone({})).plan()).toEqual([]);
  });

  it('goes once its grace period is over, with what nothing else needs, and nothing else goes', async () => {
    const { world, tag, digest, kept, plan, withdraw } = await gone({ deletes: { afterDays: 2 } });
    expect(await plan()).toEqual([]);
    world.clock.advance(49 * HOUR);
    const [draft] = await plan();
    expect(draft).toMatchObject({
      detailType: 'Replication Requested',
      data: { action: 'withdraw', reason: 'deleted' },
    });
    const { subject } = dataOf<{ readonly subject: ImageSubject }>(draft);
    const held = await withdraw(subject, { isHeld: async () => true });
    expect(held).toMatchObject([{ data: { tags: [], deleted: [], kept: 'it is in use or held at the target' } }]);
    const [done] = await withdraw(subject);
    const { deleted } = dataOf<{ readonly deleted: readonly Digest[] }>(done);
    expect(done).toMatchObject({ detailType: 'Replica Withdrawn', data: { tags: [tag] } });
    expect(deleted[0]).toBe(digest);
    for (const one of deleted) expect(kept.has(one)).toBe(false);
    for (const one of kept) {
      expect(await world.copy.headManifest({ repository: target.repository, reference: one })).toBeDefined();
    }
    expect(await withdraw(subject)).toMatchObject([{ data: { deleted: [], kept: 'Lading did not bring it' } }]);
    expect(await plan()).toEqual([]);
  });

  it('is left alone if somebody else put it there, and that is told once', async () => {
    const { world, plan } = await gone({ deletes: 'on' });
    const [first = digestOf('')] = [...world.tags.values()].slice(1);
    const found = await world.copy.getManifest({ repository: target.repository, reference: first });
    if (found) await world.copy.putManifest({ repository: target.repository, reference: 'theirs', ...found });
    const told = (await plan()).filter(({ detailType }) => detailType === 'Replica Diverged');
    expect(told).toMatchObject([{ data: { difference: 'extra' } }]);
    expect((await plan()).filter(({ detailType }) => detailType === 'Replica Diverged')).toEqual([]);
  });
});
