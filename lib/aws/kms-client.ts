import { KMSClient } from '@aws-sdk/client-kms';
import { LOCAL_KEY, type QueueEndpoint } from './queues.ts';

/** KMS for a person at the command line: AWS by the SDK's own rules, or the facade of a local stack. */
export const kmsClientAt = (at: QueueEndpoint | undefined, region?: string): KMSClient =>
  new KMSClient(
    at
      ? { endpoint: at.endpoint, region: at.region, credentials: LOCAL_KEY }
      : { ...(region === undefined ? {} : { region }) },
  );
