import { ecrClient, secretsClient } from '../../lib/aws/clients.ts';
import {
  credentialsOfEntries,
  credentialsOfRole,
} from '../../lib/registry/adapters/credentials/credentials-of-entries.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import { registriesConfigSchema } from '../../lib/registry/config.ts';
import type { Registries } from '../../lib/registry/index.ts';
import { once } from './once.ts';
import { setting } from './wiring.ts';

export const registriesConfig = once(() => setting('registries', registriesConfigSchema));

/** The configured registries, opened with the function's own role, or those that entries name. */
export const registries = once(
  (): Registries =>
    createRegistries(registriesConfig(), {
      ecrClient: (region, role) => ecrClient(region, credentialsOfRole(role)),
      credentials: credentialsOfEntries({ secretsManager: secretsClient }),
    }),
);
