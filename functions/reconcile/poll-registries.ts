import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { publishable } from '../../lib/events/index.ts';
import { dynamoPolls } from '../../lib/intake/adapters/dynamo-polls.ts';
import { intakeConfigSchema, pollRegistry } from '../../lib/intake/index.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { publisher, setting, table } from '../_pipe/wiring.ts';

/** Of a run's five minutes this is for polling; what is left goes on in the next run. Milliseconds. */
const POLLING_MS = 120_000;

export const polls = once(() => setting('intake', intakeConfigSchema).polls);
const store = once(() => dynamoPolls(table('deliveries')));
const bus = once(publisher);

/** Asks the registries that send nothing for tags that are new. */
export async function pollRegistries(
  attempt: (what: string, work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const end = systemClock.now().getTime() + POLLING_MS;
  for (const poll of polls()) {
    await attempt(`polling ${poll.registry}`, async () => {
      const result = await pollRegistry(
        {
          registry: await registries().open(poll.registry),
          store: store(),
          clock: systemClock,
          mayGoOn: () => systemClock.now().getTime() < end,
          // By what it is about: news that is told twice is one event.
          publish: (drafts, key) =>
            bus().publish(drafts.map((draft) => publishable(draft, { root: `poll:${key}` }, systemClock.now()))),
        },
        poll,
      );
      logger.info(`polled ${poll.registry}`, { ...result });
    });
  }
}
