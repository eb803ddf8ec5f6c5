import { randomUUID } from 'node:crypto';
import { dynamoAudit } from '../../lib/audit/adapters/dynamo-audit.ts';
import { createAuditLog } from '../../lib/audit/index.ts';
import { dynamoClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { budgetAlerts, budgetCheck, checkBudgets, costConfigSchema } from '../../lib/cost/index.ts';
import type { EventPublisher } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { storageConfigSchema } from '../../lib/storage/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { runStage } from '../../lib/work/index.ts';
import { once } from '../_pipe/once.ts';
import { setting, table, tableName } from '../_pipe/wiring.ts';

const cost = once(() => setting('cost', costConfigSchema));
/** Longer than a look at the largest catalogue takes in a function; a stage renews its lease while it works. */
const LEASE_MS = 240_000;

/** Tells of budgets that are used up or going to be, each once a month. Nothing is read where there are none. */
export async function tellBudgets(publisher: EventPublisher, root: string): Promise<void> {
  if (cost().budgets.length === 0) return;
  const now = systemClock.now();
  const stage = { ledger: dynamoLedger(table('deliveries'), systemClock), publisher, clock: systemClock };
  const work = { owner: randomUUID(), leaseMs: LEASE_MS, cause: { root } };
  await runStage(stage, {
    ...work,
    key: budgetCheck(now),
    async perform() {
      const log = createAuditLog({ ...dynamoAudit(dynamoClient(), tableName('audit')), clock: systemClock });
      const trail = {
        after: async (seq: number, limit: number) =>
          (await log.list(seq, limit)).map(({ detail, ...entry }) => ({ ...entry, data: detail })),
        head: async () => (await log.head()).seq,
      };
      const ports = { catalog: dynamoCatalog(table('catalog'), systemClock), trail };
      const storage = setting('storage', storageConfigSchema);
      const alerts = budgetAlerts(await checkBudgets(ports, now, { cost: cost(), storage }));
      for (const { key, draft } of alerts) {
        const told = await runStage(stage, { ...work, key, perform: async () => [draft] });
        if (told === 'done') logger.info(`told of ${key.subject}: ${key.version}`);
      }
      return [];
    },
  });
}
