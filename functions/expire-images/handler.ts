import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { loadJson } from '../../lib/documents/index.ts';
import { publishable, readEvent, retentionPlanned } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { carryOutPlan, retentionConfigSchema, retentionPlanSchema } from '../../lib/lifecycle/index.ts';
import { replicationConfigSchema, replicationTargets } from '../../lib/replication/index.ts';
import { runStage } from '../../lib/work/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { bucketPacker, bucketRegistry, documents, setting, stagePorts, table } from '../_pipe/wiring.ts';

const ports = once(() => {
  const retention = dynamoRetention(table('retention'), systemClock);
  const replication = setting('replication', replicationConfigSchema);
  const stage = stagePorts();
  const config = setting('retention', retentionConfigSchema);
  return {
    stage,
    ledger: stage.ledger,
    catalog: dynamoCatalog(table('catalog'), systemClock),
    leases: retention,
    usage: retention,
    quarantine: retention,
    collectors: retention,
    documents: documents('documents'),
    archive: bucketRegistry('archive'),
    packer: bucketPacker('archive', config.archive.packing),
    clock: systemClock,
    replicated: (of: { readonly registry: string; readonly repository: string }) =>
      replicationTargets(replication, of).length > 0,
    config,
  };
});

export const handler = eventsHandler(async (event, delivery) => {
  const { metadata, data } = readEvent(retentionPlanned, event).detail;
  const { stage, config, ...wired } = ports();
  const plan = await loadJson(wired.documents, data.plan.key, retentionPlanSchema);
  if (!plan) throw new LadingError('plan-missing', `the plan ${data.plan.key} is gone`);
  if (plan.dryRun || plan.refused) return;
  const registry = await registries().open(plan.registry);
  const withheld = await carryOutPlan({ ...wired, registry }, plan, data.plan, config, async (step) => {
    const key = { subject: step.subject, stage: step.stage, version: data.plan.digest };
    const perform = async () => {
      const { events, spared } = await step.perform();
      if (spared !== undefined) logger.info(`${step.subject} is spared: ${spared}`);
      return events;
    };
    await runStage(stage, { key, ...delivery, cause: metadata, perform });
  });
  if (!withheld) return;
  logger.warn('deletions were withheld', { registry: plan.registry, repository: plan.repository });
  await stage.publisher.publish([publishable(withheld, metadata, systemClock.now())]);
});
