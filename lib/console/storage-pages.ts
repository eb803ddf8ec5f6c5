import type { Hono } from 'hono';
import { checkBudgets, forecastCost, reportCost } from '../cost/index.ts';
import type { CatalogEntry, CatalogReader, RepositoryName, TagBinding } from '../inventory/index.ts';
import { measureStorage, scoreCaches, standardiseBases } from '../storage/index.ts';
import { type StorageView, storagePage } from './pages/storage-page.ts';
import type { ConsolePorts } from './ports.ts';
import { ownersQuery } from './storage-schemas.ts';

const MONTH_OF_HITS = 30 * 86_400_000;

export function addStoragePages(app: Hono, ports: ConsolePorts): void {
  app.get('/storage', async (context) => {
    const asked = ownersQuery.safeParse(context.req.query());
    const by = asked.success && asked.data.by !== 'label' ? asked.data.by : 'repository';
    return context.html(storagePage(await viewOf(ports, by)));
  });
}

async function viewOf(ports: ConsolePorts, by: StorageView['by']): Promise<StorageView> {
  const { accounts: desk } = ports;
  const catalog = readOnce(ports.catalog);
  const charges = { catalog, trail: ports.activity };
  const now = desk.clock.now();
  const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1);
  const period = { from: start, until: Math.max(start + 1, now.getTime()) };
  const hits = { from: new Date(now.getTime() - MONTH_OF_HITS), until: now };
  return {
    by,
    storage: await measureStorage(catalog, by, desk.storage, now),
    cost: await reportCost(charges, period, by, desk),
    forecast: await forecastCost(charges, now, by, desk),
    budgets: await checkBudgets(charges, now, desk),
    bases: await standardiseBases(catalog, desk.storage),
    caches: await scoreCaches({ catalog, pulls: desk.pulls }, desk.storage, hits),
  };
}

/** Several reports of one page look at the same catalogue: it is read once. */
function readOnce(catalog: CatalogReader): CatalogReader {
  let names: Promise<readonly RepositoryName[]> | undefined;
  const entries = new Map<string, Promise<readonly CatalogEntry[]>>();
  const tags = new Map<string, Promise<readonly TagBinding[]>>();
  const kept = <T>(map: Map<string, Promise<T>>, { registry, repository }: RepositoryName, make: () => Promise<T>) => {
    const key = `${registry}/${repository}`;
    const made = map.get(key) ?? make();
    map.set(key, made);
    return made;
  };
  return {
    ...catalog,
    async *repositories() {
      names ??= Array.fromAsync(catalog.repositories());
      yield* await names;
    },
    async *entries(of, options = {}) {
      const all = await kept(entries, of, () => Array.fromAsync(catalog.entries(of, { deleted: true })));
      yield* options.deleted ? all : all.filter(({ deletedAt }) => deletedAt === undefined);
    },
    async *tags(of) {
      yield* await kept(tags, of, () => Array.fromAsync(catalog.tags(of)));
    },
  };
}
