import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { ledgerJudgements } from '../../lib/lifecycle/adapters/ledger-judgements.ts';
import { planRegistry, recordPlans, retentionConfigSchema } from '../../lib/lifecycle/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registriesConfig } from '../_pipe/registries.ts';
import { documents, publisher, setting, table } from '../_pipe/wiring.ts';

const ports = once(() => {
  const retention = dynamoRetention(table('retention'), systemClock);
  return {
    catalog: dynamoCatalog(table('catalog'), systemClock),
    leases: retention,
    usage: retention,
    quarantine: retention,
    collectors: retention,
    plans: retention,
    judgements: ledgerJudgements(dynamoLedger(table('work'), systemClock)),
    documents: documents('documents'),
    clock: systemClock,
    publisher: publisher(),
    config: setting('retention', retentionConfigSchema),
  };
});

export const handler = eventsHandler(async (tick) => {
  const wired = ports();
  for (const { host, role } of registriesConfig().entries) {
    if (role !== 'source') continue;
    const drafts = await recordPlans(wired, await planRegistry(wired, host, wired.config));
    await wired.publisher.publish(drafts.map((draft) => publishable(draft, { root: tick.id }, systemClock.now())));
  }
});
