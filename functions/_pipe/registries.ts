import { dynamoClient, ecrClient, secretsClient } from '../../lib/aws/clients.ts';
import { optionalEnvironment } from '../../lib/aws/environment.ts';
import { createTable } from '../../lib/aws/table.ts';
import {
  credentialsOfEntries,
  credentialsOfRole,
} from '../../lib/registry/adapters/credentials/credentials-of-entries.ts';
import { dynamoSecretChanges } from '../../lib/registry/adapters/credentials/dynamo-secret-changes.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import { registriesConfigSchema } from '../../lib/registry/config.ts';
import type { Registries } from '../../lib/registry/index.ts';
import { environmentName } from './function.ts';
import { once } from './once.ts';
import { setting } from './wiring.ts';

export const registriesConfig = once(() => setting('registries', registriesConfigSchema));

/** Whether secrets were changed: known where the configuration has any. */
function secretChanges() {
  const name = optionalEnvironment(environmentName.table('credentials'));
  return name === undefined ? {} : { changes: dynamoSecretChanges(createTable(dynamoClient(), name)) };
}

/** The configured registries, opened with the function's own role, or those that entries name. */
export const registries = once(
  (): Registries =>
    createRegistries(registriesConfig(), {
      ecrClient: (region, role) => ecrClient(region, credentialsOfRole(role)),
      credentials: credentialsOfEntries({ secretsManager: secretsClient, ...secretChanges() }),
    }),
);
