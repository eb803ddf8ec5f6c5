import { ecrClient, secretsClient } from '../../lib/aws/clients.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import { secretsManagerCredentials } from '../../lib/registry/adapters/secrets-manager-credentials.ts';
import { registriesConfigSchema } from '../../lib/registry/config.ts';
import type { Registries } from '../../lib/registry/index.ts';
import { once } from './once.ts';
import { setting } from './wiring.ts';

export const registriesConfig = once(() => setting('registries', registriesConfigSchema));

/** The configured registries, opened with the function's own role. */
export const registries = once(
  (): Registries =>
    createRegistries(registriesConfig(), { ecrClient, credentials: secretsManagerCredentials(secretsClient()) }),
);
