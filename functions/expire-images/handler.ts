import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { loadJson } from '../../lib/documents/index.ts';
import { readEvent, retentionPlanned } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { archiveGraph, expireGraph, retentionPlanSchema, watchCatalog } from '../../lib/lifecycle/index.ts';
import { runStage } from '../../lib/work/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { bucketRegistry, documents, stagePorts, table } from '../_pipe/wiring.ts';

const ports = once(() => ({
  stage: stagePorts(),
  catalog: dynamoCatalog(table('catalog'), systemClock),
  leases: dynamoRetention(table('retention'), systemClock),
  documents: documents('documents'),
  archive: bucketRegistry('archive'),
  clock: systemClock,
}));

export const handler = eventsHandler(async (event, delivery) => {
  const { metadata, data } = readEvent(retentionPlanned, event).detail;
  const wired = ports();
  const plan = await loadJson(wired.documents, data.plan.key, retentionPlanSchema);
  if (!plan) throw new LadingError('plan-missing', `the plan ${data.plan.key} is gone`);
  if (plan.dryRun || plan.refused) return;
  const registry = await registries().open(plan.registry);
  const catalogLacks = watchCatalog({ ...wired, registry }, plan);
  for (const graph of plan.expire) {
    const lacks = await catalogLacks();
    if (lacks !== undefined) {
      logger.warn(`no more of ${plan.registry}/${plan.repository} is deleted: ${lacks}, unknown to the catalogue`);
      return;
    }
    // Each graph is work of its own, so that a retry goes on where the last attempt stopped.
    await runStage(wired.stage, {
      key: { subject: locationKey({ ...plan, digest: graph.root }), stage: 'expire', version: data.plan.digest },
      ...delivery,
      cause: metadata,
      perform: async () => {
        if (graph.action === 'archive') {
          const archived = await archiveGraph({ registry, archive: wired.archive }, plan, graph);
          if (archived.kind === 'incomplete') {
            logger.warn(`${graph.root} is spared: it cannot be archived, ${archived.why}`);
            return [];
          }
        }
        const result = await expireGraph(
          { ...wired, ledger: wired.stage.ledger, registry },
          plan,
          graph,
          data.plan.digest,
        );
        if (result.kind === 'expired') return result.events;
        logger.info(`${graph.root} is spared: ${result.why}`);
        return [];
      },
    });
  }
});
