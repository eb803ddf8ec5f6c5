import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { LOCAL_KEY, type QueueEndpoint } from './queues.ts';

/** Secrets Manager for a person at the command line: AWS by the SDK's own rules, or the facade of a local stack. */
export const secretsClientAt = (at: QueueEndpoint | undefined): SecretsManagerClient =>
  new SecretsManagerClient(at ? { endpoint: at.endpoint, region: at.region, credentials: LOCAL_KEY } : {});
