import { callJson } from '../../lib/aws/json-call.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { findingsChanged, readEvent } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { httpsPost } from '../../lib/notifications/adapters/https-post.ts';
import { actionRunner } from '../../lib/remediation/adapters/run-actions.ts';
import { remediationConfigSchema } from '../../lib/remediation/config.ts';
import { carryOut, eachOnce, imageKnowledge, planFor, workOf } from '../../lib/remediation/index.ts';
import { dynamoScanStore } from '../../lib/vulnerabilities/adapters/dynamo-scan-store.ts';
import { runStage } from '../../lib/work/index.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { integrationToken } from '../_pipe/integrations.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { documents, setting, stagePorts, table } from '../_pipe/wiring.ts';

const config = once(() => setting('remediation', remediationConfigSchema));
const stage = once(stagePorts);
const knowledge = once(() =>
  imageKnowledge({
    catalog: dynamoCatalog(table('catalog'), systemClock),
    scans: dynamoScanStore(table('scans')),
    documents: documents('documents'),
    leases: dynamoRetention(table('retention'), systemClock),
    clock: systemClock,
  }),
);
const runner = once(() =>
  actionRunner({
    post: httpsPost(),
    aws: callJson,
    token: integrationToken,
    registry: (host) => registries().open(host),
    allowHosts: config().allowHosts,
  }),
);

export const handler = eventsHandler(async (event, delivery) => {
  const { metadata, data } = readEvent(findingsChanged, event).detail;
  const { subject } = data;
  const plan = await planFor(knowledge(), subject, config());
  if (plan === undefined) {
    logger.info(`${locationKey(subject)}: no change is known that is worth its while`);
    return;
  }
  const attempt = { ...delivery, cause: metadata };
  await runStage(stage(), {
    ...attempt,
    key: workOf(subject, plan, config()),
    perform: () => carryOut(eachOnce(stage(), attempt, runner), subject, plan, config()),
  });
});
