import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { type PlanSitesPorts, planSites } from '../../lib/edge/index.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { createAttempts } from '../_pipe/attempts.ts';
import { hubConfig, hubPorts } from '../_pipe/edge-hub.ts';
import { edgeStore, reportPorts } from '../_pipe/edge-ports.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { firstSigner } from '../_pipe/trust.ts';
import { wholeBatchHandler } from '../_pipe/whole-batch-handler.ts';
import { publisher, table } from '../_pipe/wiring.ts';

const bus = once(publisher);
const ports = once(
  (): PlanSitesPorts => ({
    ...reportPorts(),
    sites: edgeStore(),
    hub: hubPorts(),
    leases: dynamoRetention(table('retention'), systemClock),
    signer: firstSigner().signer,
    open: (registry) => registries().open(registry),
  }),
);

/** Whatever happened, and however much of it: every site is planned once. */
export const handler = wholeBatchHandler(async ([first]) => {
  const { attempt, end } = createAttempts();
  await planSites(ports(), hubConfig(), attempt, async ({ site, outcome, events }) => {
    const cause = { root: first?.id ?? 'plan-edge' };
    await bus().publish(events.map((draft) => publishable(draft, cause, systemClock.now())));
    logger.info(`${site}: ${outcome}`);
    // Where nothing reserves concurrency: what is known by now is looked at anew.
    if (outcome === 'overtaken') {
      throw new LadingError('site-busy', `another plan for ${site} was made at the same moment`, { retryable: true });
    }
  });
  end();
});
