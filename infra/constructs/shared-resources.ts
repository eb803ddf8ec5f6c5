import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { BucketName, SecretName, SettingName, TableName } from '../../functions/_pipe/function.ts';

/** What functions use, by the names under which they declare it. */
export interface SharedResources {
  readonly tables: Readonly<Record<TableName, Table>>;
  readonly buckets: Readonly<Record<BucketName, Bucket>>;
  readonly bus: EventBus;
  readonly signingKey: Key;
  readonly secrets: Readonly<Record<SecretName, Secret>>;
  /** JSON texts. They may hold tokens (the account), which the template resolves. */
  readonly settings: Readonly<Record<SettingName, string>>;
  readonly registries: RegistryRights;
}

/** What access to "the registries" means for IAM. */
export interface RegistryRights {
  /** ARN patterns of the repositories of every ECR registry that the configuration names. */
  readonly repositoryArns: readonly string[];
  /** ARNs of the secrets that hold credentials of other registries. */
  readonly credentialArns: readonly string[];
}
