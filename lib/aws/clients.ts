import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECRClient } from '@aws-sdk/client-ecr';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsCredentialsProvider } from './sign-request.ts';

/**
 * One client of a kind per process, made on first use: a cold function pays for those that it calls. Endpoint, region
 * and credentials come from the environment by the SDK's own rules, so nothing here knows where it runs.
 */
const lazy = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

export const dynamoClient = lazy(() => new DynamoDBClient({ maxAttempts: 5 }));
export const s3Client = lazy(() => new S3Client({ maxAttempts: 5 }));
export const kmsClient = lazy(() => new KMSClient({ maxAttempts: 5 }));
export const eventBridgeClient = lazy(() => new EventBridgeClient({ maxAttempts: 5 }));
export const secretsClient = lazy(() => new SecretsManagerClient({ maxAttempts: 3 }));

/** ECR is regional, and a replica lives in another region than the function. */
export const ecrClient = (region: string, credentials?: AwsCredentialsProvider): ECRClient =>
  new ECRClient({ region, maxAttempts: 5, ...(credentials === undefined ? {} : { credentials }) });
