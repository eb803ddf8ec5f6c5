import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import {
  draftEvent,
  type EventBridgeEvent,
  type EventDraft,
  imageInUse,
  imagePulled,
  publishable,
  releaseRequested,
} from '../../../lib/events/index.ts';
import type { Descriptor } from '../../../lib/formats/oci/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogEntry } from '../../../lib/inventory/index.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import {
  bringBack,
  carryOutPlan,
  planRegistry,
  type RetentionPlan,
  recordUsage,
  retentionConfigSchema,
} from '../../../lib/lifecycle/index.ts';
import { quarantineTag } from '../../../lib/lifecycle/quarantine-tag.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { registryError } from '../../../lib/registry/errors.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { pushBuilt, pushIndex } from '../../support/push-images.ts';
import { buildImage, buildLayer } from '../sbom/image-builder.ts';

const of = { registry: 'memory.example', repository: 'team/app' };
const { repository } = of;
const start = '2026-06-01T00:00:00.000Z';
const old = '2026-01-01T00:00:00.000Z';
const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const image = (name: string) => buildImage([buildLayer([{ path: name, content: name }])]);

/** Everything tagged `t…` goes, and is set aside for seven days before. */
const config = retentionConfigSchema.parse({
  policies: [{ name: 'p', rules: [{ name: 'r', select: { tags: ['t*'] }, action: 'expire' }] }],
  dryRun: false,
  maxDeletedShare: 1,
});

async function world(
  options: { readonly registry?: (inner: Registry) => Registry; readonly replicated?: boolean } = {},
) {
  const clock = manualClock(start);
  const inner = createMemoryRegistry({ host: of.registry });
  const registry = options.registry?.(inner) ?? inner;
  const catalog = memoryCatalog();
  const retention = memoryRetention(clock);
  const ledger = memoryLedger(clock);
  const ports = {
    ...{ registry, catalog, ledger, clock, archive: createMemoryRegistry({ host: 'archive' }) },
    ...{ leases: retention, usage: retention, quarantine: retention, collectors: retention },
    judgements: { of: async () => ({}) },
    replicated: () => options.replicated ?? false,
  };
  const enter = async (digest: Digest, more: Partial<CatalogEntry> & { readonly tag?: string } = {}) => {
    const { tag, ...rest } = more;
    await catalog.enter({
      ...of,
      digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactClass: 'image',
      children: [],
      layers: [],
      sizeBytes: 100,
      labels: {},
      pushedAt: old,
      firstSeenAt: old,
      ...rest,
    });
    if (tag !== undefined) await catalog.bindTag({ ...of, tag, digest, boundAt: old });
  };
  const [one, child, kept] = [image('one'), image('child'), image('kept')];
  await pushBuilt(registry, repository, child, 't1-amd64');
  const root = await pushIndex(registry, repository, [child.descriptor], 't1');
  await pushBuilt(registry, repository, one, 't2');
  await pushBuilt(registry, repository, kept, 'keep');
  await enter(child.descriptor.digest, { tag: 't1-amd64' });
  await enter(root, { tag: 't1', artifactClass: 'index', children: [childOf(child.descriptor)] });
  await enter(one.descriptor.digest, { tag: 't2' });
  await enter(kept.descriptor.digest, { tag: 'keep' });
  const done: { events: EventDraft[]; spared: string[] } = { events: [], spared: [] };
  const plan = async (other = config): Promise<RetentionPlan> => {
    const [made] = await planRegistry(ports, of.registry, other);
    return made as RetentionPlan;
  };
  const run = async (other = config): Promise<RetentionPlan> => {
    const made = await plan(other);
    done.events = [];
    done.spared = [];
    const document = { key: 'plans/x', digest: digestOf(JSON.stringify(made)) };
    const withheld = await carryOutPlan(ports, made, document, other, async (step) => {
      const { events, spared } = await step.perform();
      done.events.push(...events);
      if (spared !== undefined) done.spared.push(spared);
    });
    if (withheld) done.events.push(withheld);
    return made;
  };
  const tags = async (): Promise<Record<string, Digest | undefined>> => {
    const found: Record<string, Digest | undefined> = {};
    for await (const tag of inner.listTags(repository)) {
      found[tag] = (await inner.headManifest({ repository, reference: tag }))?.digest;
    }
    return found;
  };
  const has = async (digest: Digest) => (await inner.headManifest({ repository, reference: digest })) !== undefined;
  const tell = async (draft: EventDraft) => recordUsage(ports, toEnvelope(draft));
  return {
    ...ports,
    inner,
    retention,
    done,
    run,
    plan,
    tags,
    has,
    tell,
    enter,
    root,
    one: one.descriptor.digest,
    child: child.descriptor.digest,
  };
}

const toEnvelope = (draft: EventDraft): EventBridgeEvent => {
  const { source, detailType, detail } = publishable(draft, { root: 'test' }, new Date(start));
  const told = { account: '123456789012', time: start, region: 'eu-central-1', resources: [], detail };
  return { version: '0', id: 'e', source, 'detail-type': detailType, ...told };
};

const childOf = ({ digest, mediaType, size }: Descriptor) => ({ digest, mediaType, size });

type World = Awaited<ReturnType<typeof world>>;
const types = ({ done }: World) => done.events.map(({ detailType }) => detailType);

describe('what a plan takes', () => {
  let w: World;
  let before: Record<string, Digest | undefined>;
  beforeEach(async () => {
    w = await world();
    before = await w.tags();
    await w.run();
  });

  it('is set aside first: its tags go, its bytes stay, and the rest is untouched', async () => {
    expect(types(w)).toEqual(['Image Quarantined', 'Image Quarantined']);
    expect(await w.tags()).toEqual({
      keep: before.keep,
      [quarantineTag(w.root)]: w.root,
      [quarantineTag(w.child)]: w.child,
      [quarantineTag(w.one)]: w.one,
    });
    for (const digest of [w.root, w.child, w.one]) expect(await w.has(digest)).toBe(true);
    expect((await w.retention.quarantined(of)).map(({ until }) => until)).toEqual([
      '2026-06-08T00:00:00.000Z',
      '2026-06-08T00:00:00.000Z',
    ]);
  });

  it('stays aside until its time has come, and is deleted then', async () => {
    w.clock.advance(6 * DAY_MS);
    const waiting = await w.run();
    expect(waiting).toMatchObject({ expire: [], due: [], release: [] });
    expect(waiting.waiting.map(({ root }) => root).sort()).toEqual([w.root, w.one].sort());
    expect(types(w)).toEqual([]);
    w.clock.advance(2 * DAY_MS);
    const due = await w.run();
    expect(due.due.map(({ root }) => root).sort()).toEqual([w.root, w.one].sort());
    expect(types(w)).toEqual(['Image Expired', 'Image Expired']);
    expect(await w.tags()).toEqual({ keep: before.keep });
    for (const digest of [w.root, w.child, w.one]) expect(await w.has(digest)).toBe(false);
    expect(await w.retention.quarantined(of)).toEqual([]);
    expect(await w.run()).toMatchObject({ expire: [], due: [], waiting: [], release: [] });
  });

  it('is put back exactly when somebody asks, and is then left alone for as long', async () => {
    const drafts = await bringBack(w, { ...of, reference: 't1', reason: 'needed after all' });
    expect(drafts).toMatchObject([
      { detailType: 'Image Released', data: { subject: { digest: w.root, tags: ['t1'] } } },
    ]);
    expect(await w.tags()).toEqual({
      keep: before.keep,
      t1: before.t1,
      't1-amd64': before['t1-amd64'],
      [quarantineTag(w.one)]: w.one,
    });
    w.clock.advance(HOUR_MS);
    const next = await w.run();
    expect(next.spared.map(({ digest }) => digest).sort()).toEqual([w.root, w.child].sort());
    expect(next.spared[0]?.why).toContain('needed after all');
    // Not by the push that put it back, but by its own: it is as old as before, and newer ones do not become older.
    w.clock.advance(8 * DAY_MS);
    expect((await w.plan()).expire.map(({ root }) => root)).toEqual([w.root]);
    expect(await w.retention.restoredTags(of)).toMatchObject([
      { tag: 't1', boundAt: old },
      { tag: 't1-amd64', boundAt: old },
    ]);
  });

  it('asks to be put back when it, or a part of it, is pulled or started', async () => {
    const asked = async (draft: EventDraft) => {
      const result = await w.tell(draft);
      return result.kind === 'recorded' ? result.events : result.kind;
    };
    w.clock.advance(HOUR_MS);
    const pulledAt = w.clock.now().toISOString();
    const subject = { ...of, digest: w.child, tags: [] };
    expect(await asked(draftEvent(imagePulled, { subject, origin: 'webhook', pulledAt }))).toMatchObject([
      { detailType: releaseRequested.detailType, data: { subject: { digest: w.root } } },
    ]);
    // A pull of before that comes late is none of since.
    expect(await asked(draftEvent(imagePulled, { subject, origin: 'webhook', pulledAt: old }))).toEqual([]);
    const use = {
      workload: { kind: 'ecs-task', name: 'web' },
      observedAt: pulledAt,
      leaseUntil: '2027-01-01T00:00:00.000Z',
    };
    expect(await asked(draftEvent(imageInUse, { subject: { ...subject, digest: w.one }, ...use }))).toMatchObject([
      { data: { subject: { digest: w.one } } },
    ]);
  });

  it('is not deleted, and put back, if it was used although nobody heard of it in time', async () => {
    w.clock.advance(7 * DAY_MS);
    await w.retention.pulled(of, { digest: w.child, pulledAt: w.clock.now().toISOString() });
    await w.retention.hold(of, { digest: w.one, reason: 'ecs web', until: '2027-01-01T00:00:00.000Z' });
    w.clock.advance(DAY_MS);
    const made = await w.run();
    expect(w.done.spared).toMatchObject([expect.stringContaining('was pulled')]);
    expect(made.release).toMatchObject([{ root: w.one, why: expect.stringContaining('ecs web') }]);
    expect(types(w)).toEqual(['Image Released', 'Release Requested']);
    expect(await w.tags()).toMatchObject({ t2: w.one });
    for (const digest of [w.root, w.child, w.one]) expect(await w.has(digest)).toBe(true);
  });

  it('is put back when a hold is placed, or something that stays comes to list it', async () => {
    await w.retention.place(of, {
      digest: w.one,
      name: 'case-7',
      kind: 'legal',
      reason: 'a lawsuit',
      by: 'me',
      since: start,
    });
    const index = digestOf('index');
    await w.enter(index, {
      artifactClass: 'index',
      children: [{ digest: w.root, mediaType: 'x', size: 1 }],
      tag: 'keep-2',
    });
    const pushed = await pushIndex(
      w.inner,
      repository,
      [{ digest: w.root, mediaType: 'application/vnd.oci.image.index.v1+json', size: 1 }],
      'keep-2',
    ).catch(() => undefined);
    if (pushed) await w.catalog.bindTag({ ...of, tag: 'keep-2', digest: pushed, boundAt: start });
    if (pushed)
      await w.enter(pushed, { artifactClass: 'index', children: [{ digest: w.root, mediaType: 'x', size: 1 }] });
    const made = await w.run();
    expect(made.release.map(({ root }) => root).sort()).toEqual([w.root, w.one].sort());
    expect(types(w)).toEqual(['Image Released', 'Image Released']);
    w.clock.advance(30 * DAY_MS);
    expect((await w.plan()).spared.map(({ why }) => why)).toEqual(
      expect.arrayContaining([expect.stringContaining('on hold (legal, case-7): a lawsuit')]),
    );
  });

  it('leaves a tag alone that another image has come to stand under', async () => {
    const other = image('another');
    await pushBuilt(w.inner, repository, other, 't2');
    await w.enter(other.descriptor.digest, { firstSeenAt: start, pushedAt: start });
    await w.catalog.bindTag({ ...of, tag: 't2', digest: other.descriptor.digest, boundAt: start });
    await bringBack(w, { ...of, reference: w.one, reason: 'asked' });
    expect(await w.tags()).toMatchObject({ t2: other.descriptor.digest, [quarantineTag(w.one)]: w.one });
    expect(await w.has(w.one)).toBe(true);
  });

  it('cannot be put back while it is being deleted, and not be deleted once it was put back', async () => {
    w.clock.advance(8 * DAY_MS);
    const made = await w.plan();
    await w.retention.condemn(of, w.one, 'plan');
    await expect(bringBack(w, { ...of, reference: w.one, reason: 'asked' })).rejects.toMatchObject({
      code: 'too-late',
    });
    await bringBack(w, { ...of, reference: 't1', reason: 'asked' });
    await w.retention.reprieve(of, w.one, 'plan');
    const spared: string[] = [];
    await carryOutPlan(w, made, { key: 'x', digest: digestOf('x') }, config, async (step) => {
      const result = await step.perform();
      if (result.spared !== undefined) spared.push(result.spared);
    });
    expect(spared).toEqual(['it was put back']);
    expect(await w.has(w.root)).toBe(true);
    expect(await w.has(w.one)).toBe(false);
  });
});

describe('setting aside', () => {
  const refusing =
    (code: 'registry-refused' | 'tag-immutable') =>
    (inner: Registry): Registry => ({
      ...inner,
      deleteTag: async (at) => {
        if (at.tag === 't1-amd64' || code === 'registry-refused') throw registryError(code, 'no');
        return await inner.deleteTag(at);
      },
    });

  it('only marks where the registry deletes no tags, and all else is the same', async () => {
    const w = await world({ registry: refusing('registry-refused') });
    await w.run();
    expect(w.done.events).toMatchObject([{ data: { method: 'marked' } }, { data: { method: 'marked' } }]);
    expect(await w.tags()).toMatchObject({ t1: w.root, t2: w.one });
    w.clock.advance(8 * DAY_MS);
    await w.run();
    expect(await w.has(w.one)).toBe(false);
  });

  it('spares what is under a tag that the registry calls immutable, and puts back what went before it', async () => {
    const w = await world({ registry: refusing('tag-immutable') });
    await w.run();
    expect(w.done.spared).toEqual(['the tag t1-amd64 is immutable']);
    expect(await w.tags()).toMatchObject({ t1: w.root, 't1-amd64': w.child });
    expect((await w.retention.quarantined(of)).map(({ root }) => root)).toEqual([w.one]);
  });

  it('does nothing to what is leased, pulled since the plan, moved, or has still to be copied', async () => {
    const w = await world({ replicated: true });
    const made = await w.plan();
    await w.retention.pulled(of, { digest: w.one, pulledAt: '2026-06-01T00:00:01.000Z' });
    await w.retention.hold(of, { digest: w.child, reason: 'pod web', until: '2027-01-01T00:00:00.000Z' });
    const spared: string[] = [];
    await carryOutPlan(w, made, { key: 'x', digest: digestOf('x') }, config, async (step) => {
      spared.push((await step.perform()).spared ?? '');
    });
    expect(spared.toSorted((a) => (a.includes('held') ? -1 : 1)).join()).toMatch(/is held: pod web.*was pulled/);
    expect(await w.retention.quarantined(of)).toEqual([]);
  });

  it('deletes at once where the policy sets nothing aside, and never where its action is to set aside', async () => {
    const w = await world();
    await w.run({ ...config, quarantineDays: 0 });
    expect(types(w)).toEqual(['Image Expired', 'Image Expired']);
    const v = await world();
    const rules = [{ name: 'r', select: { tags: ['t2'] }, action: 'quarantine' }];
    const only = retentionConfigSchema.parse({ policies: [{ name: 'p', rules }], dryRun: false, quarantineDays: 0 });
    await v.run(only);
    expect(v.done.events).toMatchObject([{ detailType: 'Image Quarantined' }]);
    v.clock.advance(400 * DAY_MS);
    expect(await v.run(only)).toMatchObject({ due: [], waiting: [{ root: v.one, until: 'somebody decides' }] });
    expect(await v.has(v.one)).toBe(true);
  });

  it('takes a tag away and leaves its image, also where it was the last one', async () => {
    const w = await world();
    const rules = [{ name: 'r', select: { tags: ['t2'] }, action: 'untag' }];
    await w.run(retentionConfigSchema.parse({ policies: [{ name: 'p', rules }], dryRun: false }));
    expect(types(w)).toEqual(['Tag Expired']);
    expect(await w.tags()).toMatchObject({ t1: w.root, [quarantineTag(w.one)]: w.one });
    expect(await w.tags()).not.toHaveProperty('t2');
  });
});

describe('missing data', () => {
  it('withholds everything while a collector is silent, at the plan and at the deletion', async () => {
    const collectors = [{ name: 'eks/prod', staleAfterHours: 24 }];
    const watched = { ...config, collectors };
    const w = await world();
    expect((await w.plan(watched)).refused).toBe('the collector eks/prod has never reported what runs');
    await w.retention.reported('eks/prod', w.clock.now().toISOString());
    w.clock.advance(20 * HOUR_MS);
    const made = await w.plan(watched);
    expect(made.refused).toBeUndefined();
    w.clock.advance(5 * HOUR_MS);
    const withheld = await carryOutPlan(w, made, { key: 'x', digest: digestOf('x') }, watched, async () => {
      throw new Error('nothing may be done');
    });
    expect(withheld?.data).toMatchObject({ reason: expect.stringContaining('for 25 hours'), left: 2 });
  });

  it.each<[string, (inner: Registry) => Partial<Registry>, string]>([
    [
      'cannot be listed',
      () => ({
        // biome-ignore lint/correctness/useYield: it fails before the first
        async *listTags() {
          throw registryError('registry-unavailable', 'down');
        },
      }),
      'cannot tell what it holds',
    ],
    ['leaves out of its list what is there', () => ({ async *listTags() {} }), 'leaves out'],
    [
      'lists what the catalogue does not know',
      (inner) => ({
        async *listTags(name) {
          yield* inner.listTags(name);
          yield 'keep-2';
        },
        headManifest: async (at) => inner.headManifest(at.reference === 'keep-2' ? { ...at, reference: 'keep' } : at),
      }),
      'the tag keep-2 names',
    ],
  ])('withholds everything where the registry %s', async (_what, change, reason) => {
    const w = await world({ registry: (inner) => ({ ...inner, ...change(inner) }) });
    await w.run();
    expect(w.done.events).toMatchObject([
      { detailType: 'Retention Withheld', data: { reason: expect.stringContaining(reason) } },
    ]);
    expect(await w.retention.quarantined(of)).toEqual([]);
  });
});
