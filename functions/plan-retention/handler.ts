import { dynamoAudit } from '../../lib/audit/adapters/dynamo-audit.ts';
import { createAuditLog } from '../../lib/audit/index.ts';
import { dynamoClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { archivePricesOf, costConfigSchema, readPrices } from '../../lib/cost/index.ts';
import { type EventCause, type EventDraft, publishable } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { wholeRepositories } from '../../lib/inventory/index.ts';
import { auditHistory } from '../../lib/lifecycle/adapters/audit-history.ts';
import { awsReader } from '../../lib/lifecycle/adapters/aws-reader.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { ledgerJudgements } from '../../lib/lifecycle/adapters/ledger-judgements.ts';
import {
  checkRegret,
  collectAwsUsage,
  keepArchive,
  planRegistry,
  recordPlans,
  retentionConfigSchema,
} from '../../lib/lifecycle/index.ts';
import { blobSharing, storageConfigSchema } from '../../lib/storage/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries, registriesConfig } from '../_pipe/registries.ts';
import { bucketCollector, bucketRegistry, documents, publisher, setting, table, tableName } from '../_pipe/wiring.ts';

const ports = once(() => {
  const retention = dynamoRetention(table('retention'), systemClock);
  const catalog = dynamoCatalog(table('catalog'), systemClock);
  return {
    ...{ leases: retention, holds: retention, usage: retention, quarantine: retention, collectors: retention },
    catalog,
    // What acts reads all, and leaves behind what previews begin with.
    read: wholeRepositories({ catalog, documents: documents('documents'), clock: systemClock }),
    plans: retention,
    judgements: ledgerJudgements(dynamoLedger(table('work'), systemClock)),
    history: auditHistory(createAuditLog({ ...dynamoAudit(dynamoClient(), tableName('audit')), clock: systemClock })),
    aws: awsReader,
    archive: bucketRegistry('archive'),
    open: (host: string) => registries().open(host),
    collector: bucketCollector('archive'),
    documents: documents('documents'),
    clock: systemClock,
    archivePrices: archivePricesOf(readPrices(setting('cost', costConfigSchema).prices, 'cost.prices')),
    sharesBlobs: blobSharing(setting('storage', storageConfigSchema)),
    publisher: publisher(),
    config: setting('retention', retentionConfigSchema),
  };
});

export const handler = eventsHandler(async (tick) => {
  const { config, ...wired } = ports();
  const publish = (drafts: readonly EventDraft[], cause: EventCause = { root: tick.id }) =>
    wired.publisher.publish(drafts.map((draft) => publishable(draft, cause, systemClock.now())));
  const { events, failures } = await collectAwsUsage(wired, config);
  await publish(events);
  // What could not be read makes its collector silent, and a silent one withholds the plans: nothing is lost but time.
  for (const { collector, error } of failures) logger.error(`what ${collector} runs cannot be told`, error as Error);
  for (const { host, role } of registriesConfig().entries) {
    if (role !== 'source') continue;
    const regret = await checkRegret(wired, host, config, systemClock.now());
    const plans = await planRegistry(wired, host, config, (policy) => regret.get(policy));
    await publish(await recordPlans(wired, plans));
  }
  const kept = await keepArchive(wired, config);
  if (kept.dropped + kept.deletedBlobs > 0) logger.info('the archive was tidied', { ...kept });
});
