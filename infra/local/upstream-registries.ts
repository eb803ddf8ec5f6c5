import { ecrClient, secretsClient } from '../../lib/aws/clients.ts';
import { dockerCredentials } from '../../lib/cli/source/docker-credentials.ts';
import {
  credentialsOfEntries,
  credentialsOfRole,
} from '../../lib/registry/adapters/credentials/credentials-of-entries.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import type { RegistriesConfig } from '../../lib/registry/config.ts';
import type { Registries } from '../../lib/registry/index.ts';

/**
 * The upstreams of a mirror on this machine, with the credentials of their entries: of this process's environment, of
 * `docker login`, of AWS.
 */
export const upstreamRegistries = (entries: RegistriesConfig['entries']): Registries =>
  createRegistries(
    { entries },
    {
      ecrClient: (region, role) => ecrClient(region, credentialsOfRole(role)),
      credentials: credentialsOfEntries({
        secretsManager: secretsClient,
        local: { environment: process.env, logins: { loginOf: (host) => dockerCredentials(host) } },
      }),
    },
  );
