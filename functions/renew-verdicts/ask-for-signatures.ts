import { dynamoCampaign } from '../../lib/attestation/adapters/dynamo-campaign.ts';
import { dynamoCryptoInventory } from '../../lib/attestation/adapters/dynamo-crypto-inventory.ts';
import { requestSignatures } from '../../lib/attestation/index.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { once } from '../_pipe/once.ts';
import { requiredKeys, trust } from '../_pipe/trust.ts';
import { publisher, table } from '../_pipe/wiring.ts';

const bus = once(publisher);
const ports = once(() => {
  const catalog = dynamoCatalog(table('catalog'), systemClock);
  const signatures = table('signatures');
  return {
    crypto: dynamoCryptoInventory(signatures),
    progress: dynamoCampaign(signatures),
    isGone: async (subject: Parameters<typeof catalog.find>[0]) =>
      (await catalog.find(subject))?.deletedAt !== undefined,
  };
});

/** Asks, so many a run, for the signatures that the keys and algorithms of today have not made. */
export async function askForSignatures(tick: string): Promise<void> {
  const { events, looked, settle } = await requestSignatures(ports(), await requiredKeys(), trust().resignPerRun);
  await bus().publish(events.map((draft) => publishable(draft, { root: tick }, systemClock.now())));
  await settle();
  logger.info(`${looked} images were looked at, and signatures asked for on ${events.length}`);
}
