import { S3Client } from '@aws-sdk/client-s3';
import { LOCAL_KEY, type QueueEndpoint } from './queues.ts';

/** S3 for a person at the command line: AWS by the SDK's own rules, or the facade of a local stack. */
export const bucketClient = (at: QueueEndpoint | undefined): S3Client =>
  new S3Client(at ? { endpoint: at.endpoint, region: at.region, credentials: LOCAL_KEY, forcePathStyle: true } : {});
