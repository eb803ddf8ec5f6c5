import type { Hono } from 'hono';
import { z } from 'zod';
import { mapLimit } from '../core/concurrency.ts';
import { LadingError } from '../core/errors.ts';
import { checkBudgets, forecastCost, reportCost } from '../cost/index.ts';
import type { CatalogEntry } from '../inventory/index.ts';
import { findImage } from '../overview/index.ts';
import {
  adviseImage,
  adviseLayers,
  type ImageAdvice,
  measureImage,
  measureStorage,
  type OwnerBy,
  scoreCaches,
  standardiseBases,
} from '../storage/index.ts';
import type { ConsolePorts } from './ports.ts';
import { cacheQuery, duplicatesQuery, forecastQuery, ownersQuery, periodQuery } from './storage-schemas.ts';

const DAY = 86_400_000;

export function addStorageApi(app: Hono, ports: ConsolePorts): void {
  const { catalog, accounts: desk } = ports;
  const charges = { catalog, trail: ports.activity };
  app.get('/api/storage', async (context) => {
    const asked = read(ownersQuery, context.req.query());
    return context.json(await measureStorage(catalog, ownerBy(asked), desk.storage, desk.clock.now()));
  });
  app.get('/api/storage/image', async (context) => {
    const entry = await entryOf(ports, context.req.query('ref'));
    const measured = await measureImage(catalog, entry, desk.storage);
    if (measured === undefined) throw new LadingError('image-unknown', 'the image is not there any more');
    return context.json(measured);
  });
  app.get('/api/storage/advice', async (context) => {
    const entry = await entryOf(ports, context.req.query('ref'));
    return context.json({ image: imageName(entry), ...(await adviceOn(ports, entry)) });
  });
  app.get('/api/storage/duplicates', async (context) => {
    const { layers } = read(duplicatesQuery, context.req.query());
    return context.json(await adviseLayers({ catalog, layers: desk.layers, profiles: desk.profiles }, layers));
  });
  app.get('/api/storage/bases', async (context) => context.json(await standardiseBases(catalog, desk.storage)));
  app.get('/api/storage/caches', async (context) => {
    const { days } = read(cacheQuery, context.req.query());
    const until = desk.clock.now();
    const period = { from: new Date(until.getTime() - days * DAY), until };
    return context.json(await scoreCaches({ catalog, pulls: desk.pulls }, desk.storage, period));
  });
  app.get('/api/cost', async (context) => {
    const asked = read(periodQuery, context.req.query());
    const period = { from: Date.parse(asked.from), until: Date.parse(asked.until) };
    return context.json(await reportCost(charges, period, ownerBy(asked), desk));
  });
  app.get('/api/cost/forecast', async (context) => {
    const asked = read(forecastQuery, context.req.query());
    return context.json(await forecastCost(charges, desk.clock.now(), ownerBy(asked), desk, asked.owner));
  });
  app.get('/api/cost/budgets', async (context) =>
    context.json({ budgets: await checkBudgets(charges, desk.clock.now(), desk) }),
  );
}

export const ownerBy = ({
  by,
  label,
}: {
  readonly by: Exclude<OwnerBy, object> | 'label';
  readonly label?: string | undefined;
}): OwnerBy => (by === 'label' ? { label: label ?? '' } : by);

const imageName = ({ registry, repository, digest }: CatalogEntry): string => `${registry}/${repository}@${digest}`;

function read<Schema extends z.ZodType>(schema: Schema, query: unknown): z.infer<Schema> {
  const asked = schema.safeParse(query);
  if (asked.success) return asked.data;
  throw new LadingError('request-invalid', z.prettifyError(asked.error));
}

async function entryOf(ports: ConsolePorts, ref: string | undefined): Promise<CatalogEntry> {
  if (!ref) throw new LadingError('reference-missing', 'the query needs ?ref=registry/repository:tag or …@digest');
  return findImage(ports.catalog, ref);
}

/** By what was read of the image's layers before; of an index, of its first image. */
export async function adviceOn(ports: ConsolePorts, named: CatalogEntry): Promise<ImageAdvice> {
  const [child] = named.children;
  const first = child && (await ports.catalog.find({ ...named, digest: child.digest }));
  const entry = named.layers.length === 0 && first ? first : named;
  const { layers: known } = ports.accounts;
  const referrers = await ports.catalog.referrersOf(entry);
  const types = await mapLimit(referrers.slice(0, 50), 8, (digest) => ports.catalog.find({ ...entry, digest }));
  return adviseImage({
    layers: await mapLimit(entry.layers, 4, async ({ digest, size }) => ({
      digest,
      bytes: size,
      inventory: await known.inventory(digest),
      contents: await known.contents(digest),
    })),
    referrerTypes: types.flatMap((one) => one?.artifactType ?? []),
  });
}
