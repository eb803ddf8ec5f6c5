import { dynamoClient, ecrClient, secretsClient } from '../../lib/aws/clients.ts';
import { readEnvironment } from '../../lib/aws/environment.ts';
import { createTable } from '../../lib/aws/table.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import {
  credentialsOfEntries,
  credentialsOfRole,
} from '../../lib/registry/adapters/credentials/credentials-of-entries.ts';
import { dynamoSecretChanges } from '../../lib/registry/adapters/credentials/dynamo-secret-changes.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import { dynamoBudget } from '../../lib/registry/adapters/request-budgets.ts';
import { dynamoSubjectLocks } from '../../lib/registry/adapters/subject-locks.ts';
import { registriesConfigSchema } from '../../lib/registry/config.ts';
import type { PullLimit, Registries } from '../../lib/registry/index.ts';
import { environmentName } from './function.ts';
import { once } from './once.ts';
import { setting } from './wiring.ts';

export const registriesConfig = once(() => setting('registries', registriesConfigSchema));

/** Whether secrets were changed: known where the configuration has any. */
function secretChanges() {
  const name = readEnvironment(environmentName.table('credentials'));
  return name === undefined ? {} : { changes: dynamoSecretChanges(createTable(dynamoClient(), name)) };
}

/** What processes share of a registry, where the function may write its work down: a budget of requests, and locks. */
function shared() {
  const name = readEnvironment(environmentName.table('work'));
  if (name === undefined) return {};
  const table = createTable(dynamoClient(), name);
  return { budget: dynamoBudget(table, systemClock), locks: dynamoSubjectLocks({ table, clock: systemClock }) };
}

/** Warned of before the last fifth is used up. */
function onPullLimit(host: string, { at, ...limit }: PullLimit): void {
  if (limit.remaining * 5 <= limit.limit) logger.warn(`${host} allows few more pulls`, { host, ...limit });
}

/** The configured registries, opened with the function's own role, or those that entries name. */
export const registries = once(
  (): Registries =>
    createRegistries(registriesConfig(), {
      ecrClient: (region, role) => ecrClient(region, credentialsOfRole(role)),
      credentials: credentialsOfEntries({ secretsManager: secretsClient, ...secretChanges() }),
      ...shared(),
      onPullLimit,
    }),
);
