import { secretsClient } from '../../lib/aws/clients.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { type EventDraft, publishable } from '../../lib/events/index.ts';
import { dynamoSecretChanges } from '../../lib/registry/adapters/credentials/dynamo-secret-changes.ts';
import { openRotation } from '../../lib/registry/adapters/credentials/open-rotation.ts';
import { createSecretReader } from '../../lib/registry/adapters/credentials/read-secrets.ts';
import { secretVersions } from '../../lib/registry/adapters/credentials/secret-versions.ts';
import { registriesConfigSchema } from '../../lib/registry/config.ts';
import { rotateCredentials, rotationDraft } from '../../lib/registry/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { createAttempts } from '../_pipe/attempts.ts';
import { eventsHandler } from '../_pipe/events-handler.ts';
import { once } from '../_pipe/once.ts';
import { publisher, setting, table } from '../_pipe/wiring.ts';

const config = once(() => setting('rotation', registriesConfigSchema));
const changes = once(() => dynamoSecretChanges(table('credentials')));
const ledger = once(() => dynamoLedger(table('work'), systemClock));
const bus = once(publisher);

export const handler = eventsHandler(async (_tick, { owner, leaseMs }) => {
  const publish = (draft: EventDraft, root: string): Promise<void> =>
    bus().publish([publishable(draft, { root }, systemClock.now())]);
  const { attempt, end } = createAttempts();
  for (const entry of config().entries) {
    const opened = openRotation(entry, {
      versions: secretVersions(secretsClient()),
      secrets: createSecretReader({ secretsManager: secretsClient }),
      clock: systemClock,
    });
    if (opened === undefined) continue;
    const { secret, rotation, ports } = opened;
    const key = { subject: `credentials ${secret}`, stage: 'rotate', version: 'lease' };
    await attempt(`the rotation of ${entry.host}`, async () => {
      const done = await rotateCredentials(secret, rotation, {
        ...ports,
        lease: {
          async take() {
            const begun = await ledger().begin(key, owner, leaseMs);
            return begun.kind === 'started' ? { release: () => ledger().release(key, owner) } : undefined;
          },
        },
        async tell(news) {
          // Whoever keeps the old ones reads them anew within seconds, long before they are withdrawn.
          await changes().note({ secret }, news.version);
          await publish(rotationDraft(entry.host, secret, news), news.version);
        },
      });
      logger.info(`${entry.host}: ${done ? 'credentials rotated, or on their way' : 'nothing is due'}`);
    });
  }
  end();
});
