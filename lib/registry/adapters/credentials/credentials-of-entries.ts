import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { roleCredentials } from '../../../aws/roles.ts';
import type { AwsCredentialsProvider } from '../../../aws/sign-request.ts';
import { type Clock, systemClock } from '../../../core/clock.ts';
import { LadingError } from '../../../core/errors.ts';
import { type CredentialPorts, createCredentialProvider } from '../../credentials/create-provider.ts';
import type { AwsRole } from '../../credentials/model.ts';
import type { MachineLogins, SecretChanges } from '../../credentials/ports.ts';
import type { CredentialsOfEntry } from '../../ports.ts';
import { createAwsIdentity, toTake } from './aws-identity.ts';
import type { ServiceOptions } from './call-service.ts';
import { createSecretReader, type SecretReaderOptions } from './read-secrets.ts';
import { createTokenServices } from './token-services.ts';
import { createWorkloadTokens } from './workload-tokens.ts';

export interface CredentialsOptions {
  readonly secretsManager?: () => SecretsManagerClient;
  readonly parameters?: SecretReaderOptions['parameters'];
  /** What only programs at a desk or in a CI job have. A function has none of it. */
  readonly local?: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly logins: MachineLogins;
  };
  readonly changes?: SecretChanges;
  readonly clock?: Clock;
  readonly services?: ServiceOptions;
}

/** Credentials of every kind, with what this program has to obtain them. */
export function credentialsOfEntries(options: CredentialsOptions): CredentialsOfEntry {
  const ports = credentialPorts(options);
  return ({ host, url, credentials }) => createCredentialProvider(credentials, { host, url }, ports);
}

export function credentialPorts(options: CredentialsOptions): CredentialPorts {
  const { secretsManager, parameters, local, changes, clock = systemClock, services } = options;
  const workload = createWorkloadTokens(local?.environment ?? {}, services);
  return {
    secrets: createSecretReader({
      ...(secretsManager === undefined ? {} : { secretsManager }),
      ...(parameters === undefined ? {} : { parameters }),
      ...(local === undefined ? {} : { environment: local.environment }),
    }),
    services: createTokenServices(services),
    workload,
    aws: createAwsIdentity(workload),
    logins: local?.logins ?? { loginOf: nobodyLogsIn },
    clock,
    ...(changes === undefined ? {} : { changes }),
  };
}

const nobodyLogsIn = async (): Promise<never> => {
  throw new LadingError('credentials-unavailable', 'nobody logs in where functions run: name a secret instead');
};

/** Credentials at AWS of a role that an entry names; undefined where it names none, which is our own. */
export const credentialsOfRole = (
  role: AwsRole | undefined,
  environment: Readonly<Record<string, string | undefined>> = {},
): AwsCredentialsProvider | undefined =>
  role === undefined ? undefined : roleCredentials(toTake(role, createWorkloadTokens(environment)));
