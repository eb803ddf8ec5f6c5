import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { draftEvent, type EventDraft, imageInUse, imagePulled, imagePushed } from '../../../lib/events/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { checkRegret, planRegistry, replayRetention, retentionConfigSchema } from '../../../lib/lifecycle/index.ts';

const of = { registry: 'r.example', repository: 'app' };
const now = new Date('2026-06-30T12:00:00.000Z');
const daysAgo = (days: number): string => new Date(now.getTime() - days * 86_400_000).toISOString();
const at = (name: string) => ({ ...of, digest: digestOf(name) });

/** Versions pushed every ten days, since a hundred days ago; each holds a base, its own layer of 100 bytes and itself. */
async function world(events: readonly EventDraft[] = [], { recorded = 200 } = {}) {
  const catalog = memoryCatalog();
  const retention = memoryRetention(manualClock(now));
  const recordedEvents: { time: string; draft: EventDraft }[] = [];
  const record = (time: string, draft: EventDraft) => void recordedEvents.push({ time, draft });
  record(
    daysAgo(recorded),
    draftEvent(imagePushed, { subject: { ...at('other'), tags: [] }, origin: 'ecr', pushedAt: daysAgo(recorded) }),
  );
  for (let i = 1; i <= 10; i++) {
    const pushedAt = daysAgo(110 - i * 10);
    const { digest } = at(`v${i}`);
    const layers = [
      { digest: digestOf('base'), mediaType: 'x/y', size: 1_000 },
      { digest: digestOf(`layer ${i}`), mediaType: 'x/y', size: 100 },
    ];
    await catalog.enter({
      ...{ ...of, digest, mediaType: 'x/y', artifactClass: 'image', children: [], layers, labels: {} },
      ...{ sizeBytes: 1_110, pushedAt, firstSeenAt: pushedAt },
    });
    await catalog.bindTag({ ...of, tag: `v${i}`, digest, boundAt: pushedAt });
    record(pushedAt, draftEvent(imagePushed, { subject: { ...of, digest, tags: [`v${i}`] }, origin: 'ecr', pushedAt }));
  }
  for (const draft of events) record(now.toISOString(), draft);
  const history = {
    async *events() {
      for (const { time, draft } of recordedEvents) yield { detailType: draft.detailType, time, data: draft.data };
    },
  };
  return { catalog, retention, ports: { catalog, holds: retention, history } };
}

const pull = (name: string, days: number, actor?: string) =>
  draftEvent(imagePulled, {
    subject: { ...at(name), tags: [] },
    origin: 'webhook',
    pulledAt: daysAgo(days),
    ...(actor ? { actor } : {}),
  });
const start = (name: string, days: number, lease = 2) =>
  draftEvent(imageInUse, {
    subject: { ...at(name), tags: [] },
    workload: { kind: 'pod', name: 'shop/web' },
    observedAt: daysAgo(days),
    leaseUntil: daysAgo(days - lease),
  });

/** Keeps the newest so many; all else goes. */
const keeping = (count: number, more: object = {}, policy: object = {}) =>
  retentionConfigSchema.parse({
    policies: [
      { name: 'newest', rules: [{ name: 'old', when: [{ beyondNewest: { count } }], action: 'expire' }], ...policy },
    ],
    ...{ quarantineDays: 0, maxDeletedShare: 1, dryRun: true },
    ...more,
  });
const window = { since: new Date(daysAgo(30)), until: now };

describe('a replay', () => {
  it('tells what would have gone when, as the registry was then', async () => {
    const { ports } = await world();
    const replay = await replayRetention(ports, of.registry, keeping(3), window);
    // Thirty days ago v7 was the newest, so four of seven went at once, and one more with each push since.
    expect(replay.total).toEqual({
      graphs: 7,
      manifests: 7,
      bytes: 7 * 110 + 1_000,
      regrets: 0,
      regretBytes: 0,
      rescued: 0,
    });
    expect(replay).toMatchObject({ uses: 0, regretted: [], recordedSince: daysAgo(200) });
  });

  it('regrets what was pulled or started after that, once, with its bytes', async () => {
    const { ports } = await world([pull('v2', 10), pull('v2', 5), start('v5', 3), pull('v9', 1), pull('v1', 40)]);
    const replay = await replayRetention(ports, of.registry, keeping(3), window);
    expect(replay.policies).toMatchObject([{ policy: 'newest', regrets: 2, regretBytes: 2 * 110 + 1_000 }]);
    expect(replay.regretted.map(({ digest, how, tags, usedAt }) => [digest, how, tags, usedAt])).toEqual([
      [digestOf('v2'), 'pulled', ['v2'], daysAgo(10)],
      [digestOf('v5'), 'started', ['v5'], daysAgo(3)],
    ]);
    expect(replay.regretted[0]?.why).toContain('rule "old"');
  });

  it('knows that a lease of that time would have held, and forgets pulls of ours', async () => {
    const { ports } = await world([start('v2', 31, 40), pull('v2', 10), pull('v1', 5, 'robot$lading')]);
    const config = keeping(3, { ownActors: ['robot$*'] });
    expect((await replayRetention(ports, of.registry, config, window)).total.regrets).toBe(0);
  });

  it('counts as rescued what would have been set aside still when it was used', async () => {
    const { ports } = await world([pull('v2', 28), pull('v3', 5)]);
    const replay = await replayRetention(ports, of.registry, keeping(3, { quarantineDays: 7 }), window);
    expect(replay.total).toMatchObject({ rescued: 1, regrets: 1 });
    expect(replay.regretted.map(({ digest }) => digest)).toEqual([digestOf('v3')]);
  });

  it('knows what a tag named then, and what is gone since', async () => {
    const moved = draftEvent(imagePushed, {
      subject: { ...at('v10'), tags: ['v1'] },
      origin: 'ecr',
      pushedAt: daysAgo(8),
    });
    const { catalog, ports } = await world([moved]);
    await catalog.bindTag({ ...of, tag: 'v1', digest: digestOf('v10'), boundAt: daysAgo(8) });
    await catalog.markDeleted(at('v2'), daysAgo(29.5));
    const replay = await replayRetention(ports, of.registry, keeping(3), window);
    // v1 and v2 were there on the first day, under the names that they had then; and the tag that came to name v10 later
    // is one of the newest three since, so that v8 went, too.
    expect(replay.total.graphs).toBe(8);
  });
});

describe('a budget of regret', () => {
  const budget = (more: object = {}) => ({ regretBudget: { days: 30, ...more } });
  const why = async (events: readonly EventDraft[], policy: object, options: object = {}) => {
    const { ports } = await world(events, options);
    return (await checkRegret(ports, of.registry, keeping(3, {}, policy), now)).get('newest');
  };

  it('lets a policy act that is within it', async () => {
    expect(await why([pull('v9', 1)], budget())).toBeUndefined();
    expect(await why([pull('v2', 10)], budget({ images: 1 }))).toBeUndefined();
    expect(await why([pull('v2', 10)], {})).toBeUndefined();
  });

  it.each<[string, readonly EventDraft[], object, object, string]>([
    [
      'is over it in images',
      [pull('v2', 10)],
      {},
      {},
      '1 of what it would have deleted was used later, over the budget of 0',
    ],
    ['is over it in bytes', [pull('v2', 10)], { images: 5, bytes: 100 }, {}, 'over the budget of 100 B'],
    ['has no events for the time', [pull('v9', 1)], {}, { recorded: 20 }, 'recorded only since'],
    ['rests on nothing', [], {}, {}, 'no pull and no start was recorded'],
  ])('withholds a policy that %s', async (_what, events, more, options, reason) => {
    expect(await why(events, budget(more), options)).toContain(reason);
  });

  it('makes the plan say so, and that of no other policy', async () => {
    const { catalog, retention, ports } = await world([pull('v2', 10)]);
    const config = keeping(3, { dryRun: false }, budget());
    const withheld = await checkRegret(ports, of.registry, config, now);
    const planPorts = {
      ...{ catalog, leases: retention, usage: retention, quarantine: retention, collectors: retention },
      ...{ judgements: { of: async () => ({}) }, clock: manualClock(now) },
    };
    const [plan] = await planRegistry(planPorts, of.registry, config, (policy) => withheld.get(policy));
    expect(plan?.refused).toBe(
      'the replay over 30 days: 1 of what it would have deleted was used later, over the budget of 0',
    );
    expect(plan?.expire).toHaveLength(7);
    const [other] = await planRegistry(planPorts, of.registry, config, () => undefined);
    expect(other?.refused).toBeUndefined();
  });
});
