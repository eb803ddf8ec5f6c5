import type { Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { locationKey, parseImageReference } from '../core/image-reference.ts';
import { parseJsonStrict } from '../core/json.ts';
import { readPrices } from '../cost/index.ts';
import { draftEvent, type EventDraft, publishable, releaseRequested } from '../events/index.ts';
import { explainImage, type RetentionPlan, reportUsage } from '../lifecycle/index.ts';
import { imageOf } from './find.ts';
import type { ConsolePorts } from './ports.ts';
import { sinceLastPlan } from './retention-desk.ts';
import { retentionRequests } from './retention-schemas.ts';

const MAX_BODY_BYTES = 256 * 1024;
/** A report of 5,000 images, with room to spare; a request to a function may have 6 MB (Lambda quotas). */
const MAX_REPORT_BYTES = 4 * 1024 * 1024;

const limitedTo = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new LadingError('request-too-large', `the body is over ${maxSize} bytes`);
    },
  });
const limited = limitedTo(MAX_BODY_BYTES);

/** What is kept and what goes: plans, what is set aside, holds, leases, and what runs. */
export function addRetentionApi(app: Hono, ports: ConsolePorts): void {
  addPlans(app, ports);
  addHolds(app, ports);
  const { retention: desk } = ports;
  app.get('/api/retention/quarantine', async (context) => {
    const found: object[] = [];
    for await (const { registry, repository } of ports.catalog.repositories()) {
      const of = { registry, repository };
      for (const one of await desk.store.quarantined(of)) found.push({ ...of, ...one });
    }
    return context.json({ quarantined: found });
  });
  app.post('/api/restores', limited, async (context) => {
    const { image, by } = await read(context, retentionRequests.restore);
    const { registry, repository, tag = 'latest', digest } = parseImageReference(image);
    const answer = await desk.restore({ registry, repository, reference: digest ?? tag }, by);
    if (answer.kind !== 'restoring') return context.json(answer);
    const { events, ...told } = answer;
    await publish(ports, events);
    return context.json(told);
  });
  app.post('/api/usage', limitedTo(MAX_REPORT_BYTES), async (context) => {
    const report = await read(context, retentionRequests.usage);
    const { store } = desk;
    const stores = { leases: store, usage: store, quarantine: store, collectors: store };
    const { events, ...told } = await reportUsage({ ...desk, ...stores, catalog: ports.catalog }, report);
    await publish(ports, events);
    return context.json(told);
  });
}

function addPlans(app: Hono, ports: ConsolePorts): void {
  const { retention: desk } = ports;
  app.post('/api/retention/preview', limited, async (context) => {
    const { config, repository, most } = await read(context, retentionRequests.preview);
    const plans = (await ports.plans.preview(config)).filter((plan) =>
      [undefined, plan.repository].includes(repository),
    );
    return context.json({ plans: await Promise.all(plans.map((plan) => toPreview(ports, plan, most))) });
  });
  app.post('/api/retention/explain', limited, async (context) => {
    const { config, image } = await read(context, retentionRequests.explain);
    const reference = parseImageReference(image);
    return context.json(explainImage(reference, await ports.plans.preview(config)));
  });
  app.post('/api/retention/replay', limited, async (context) => {
    const { config, days } = await read(context, retentionRequests.replay);
    return context.json({ replays: await desk.replay(config, days) });
  });
}

function addHolds(app: Hono, ports: ConsolePorts): void {
  const { retention: desk } = ports;
  app.get('/api/holds', async (context) => {
    const found: object[] = [];
    for await (const { registry, repository } of ports.catalog.repositories()) {
      const of = { registry, repository };
      for (const hold of await desk.store.holds(of)) found.push({ ...of, ...hold });
    }
    return context.json({ holds: found });
  });
  app.post('/api/holds', limited, async (context) => {
    const { image, ...hold } = await read(context, retentionRequests.hold);
    const { entry } = await imageOf(ports, image);
    const since = desk.clock.now().toISOString();
    const outcome = await desk.store.place(entry, { ...hold, digest: entry.digest, since });
    if (outcome === 'held') await disturb(ports, entry, `put on hold (${hold.kind}, ${hold.name})`);
    return context.json({ image: locationKey(entry), outcome });
  });
  app.post('/api/holds/remove', limited, async (context) => {
    const { image, name } = await read(context, retentionRequests.liftHold);
    const { entry } = await imageOf(ports, image);
    return context.json({ image: locationKey(entry), lifted: await desk.store.lift(entry, entry.digest, name) });
  });
  app.post('/api/leases', limited, async (context) => {
    const { image, name, hours } = await read(context, retentionRequests.lease);
    const { entry } = await imageOf(ports, image);
    const until = new Date(desk.clock.now().getTime() + hours * 3_600_000).toISOString();
    const outcome = await desk.store.hold(entry, { digest: entry.digest, reason: `lease ${name}`, until });
    if (outcome === 'held') await disturb(ports, entry, `leased for ${name}`);
    return context.json({ image: locationKey(entry), outcome });
  });
}

/** What was set aside and is held now is put back. */
async function disturb(
  ports: ConsolePorts,
  { registry, repository, digest }: Parameters<ConsolePorts['catalog']['find']>[0],
  why: string,
): Promise<void> {
  const aside = await ports.retention.store.quarantineOf({ registry, repository, digest });
  if (!aside) return;
  const subject = { registry, repository, digest: aside.root };
  await publish(ports, [draftEvent(releaseRequested, { subject, reason: `${digest} was ${why}` })]);
}

async function publish(
  { retention: { publisher, clock } }: ConsolePorts,
  drafts: readonly EventDraft[],
): Promise<void> {
  if (drafts.length === 0) return;
  await publisher.publish(drafts.map((draft) => publishable(draft, { root: crypto.randomUUID() }, clock.now())));
}

async function read<S extends z.ZodType>(context: Context, schema: S): Promise<z.infer<S>> {
  const text = await context.req.text();
  const parsed = schema.safeParse(parseJsonStrict(text, { maxBytes: MAX_REPORT_BYTES, what: 'the request' }));
  if (parsed.success) return parsed.data;
  throw new LadingError('request-invalid', z.prettifyError(parsed.error));
}

async function toPreview(ports: ConsolePorts, plan: RetentionPlan, most: number): Promise<object> {
  const { keep, expire, due, waiting, release, untag, spared } = plan;
  const lists = { keep, expire, due, waiting, release, untag, spared };
  const first = <T>(list: readonly T[]): readonly T[] => list.slice(0, most);
  const difference = await sinceLastPlan(ports.retention, plan);
  return {
    ...plan,
    ...Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, first<unknown>(list)])),
    counts: Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.length])),
    savesPerMonth: Math.max(0, monthlyUsd(ports, plan) - (plan.archiving?.archiveUsdPerMonth ?? 0)),
    ...(difference && {
      since: {
        since: difference.since,
        appeared: first(difference.appeared),
        disappeared: first(difference.disappeared),
        appearedCount: difference.appeared.length,
        disappearedCount: difference.disappeared.length,
      },
    }),
  };
}

/** By the list of prices that is set; a registry that is not of AWS is counted by what is usual. */
function monthlyUsd({ accounts: { cost } }: ConsolePorts, { registry, freedBytes, dueBytes }: RetentionPlan): number {
  const { bytesPerGb, usual, regions } = readPrices(cost.prices, 'cost.prices');
  const region = /\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/.exec(registry)?.[1] ?? '';
  const price =
    (Object.hasOwn(regions, region) ? regions[region]?.storagePerGbMonth : undefined) ?? usual.storagePerGbMonth;
  return Math.round(((freedBytes + dueBytes) / bytesPerGb) * price * 100) / 100;
}
