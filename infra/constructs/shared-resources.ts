import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type {
  BucketName,
  KeyName,
  LargeWorker,
  SecretName,
  SettingName,
  TableName,
} from '../../functions/_pipe/function.ts';

/** What functions use, by the names under which they declare it. */
export interface SharedResources {
  readonly tables: Readonly<Record<TableName, Table>>;
  readonly buckets: Readonly<Record<BucketName, Bucket>>;
  readonly bus: EventBus;
  /** By purpose: the one that signs now first, then those kept since their signatures are still about. */
  readonly keys: Readonly<Record<KeyName, readonly Key[]>>;
  readonly secrets: Readonly<Record<SecretName, Secret>>;
  /** JSON texts. They may hold tokens (the account), which the template resolves. */
  readonly settings: Readonly<Record<SettingName, string>>;
  readonly registries: RegistryRights;
  /** What notifications are published to and sent from. */
  readonly notificationTargets: { readonly topicArns: readonly string[]; readonly identityArns: readonly string[] };
  /** Projects of CodeBuild that remediation may start. */
  readonly buildProjectArns: readonly string[];
  /** Whether signatures by others let something run, and whether AWS Signer then is asked what is revoked. */
  readonly trustedSignatures: { readonly any: boolean; readonly ofSigner: boolean };
  /** ARN of the profile of AWS Signer that signs images, too. */
  readonly signingProfile: string | undefined;
  /** What other scanners need that are set to work here. */
  readonly scanners: ScannerRights;
  /** Tasks that run the same code as a function, where what is large is handed to them. */
  readonly largeWork: Readonly<Record<LargeWorker, TaskRights>> | undefined;
  /** ARN pattern of the account's tasks in ECS. */
  readonly taskArns: string;
  /** Services in which images run, that retention reads before it plans. */
  readonly workloadServices: readonly ('ecs' | 'lambda' | 'apprunner' | 'sagemaker')[];
}

/** What credentials are read from. */
export interface SecretArns {
  readonly secretArns: readonly string[];
  readonly parameterArns: readonly string[];
}

/** What access to "the registries" means for a function: which they are, and for IAM. */
export interface RegistryAccessRights extends SecretArns {
  /** The registries with the credentials for this access, as one JSON text. */
  readonly setting: string;
  /** ARN patterns of the repositories of every ECR registry that is spoken to with the function's own role. */
  readonly repositoryArns: readonly string[];
  /** Roles, mostly of other accounts, that registries are spoken to with. */
  readonly roleArns: readonly string[];
  /** Whether ECR's public gallery is spoken to with the function's own role. */
  readonly publicGallery: boolean;
}

export interface RegistryRights {
  readonly reading: RegistryAccessRights;
  /** For functions that push or delete. */
  readonly writing: RegistryAccessRights;
  /** For the rotation alone. */
  readonly rotation: {
    /** Secrets that get new credentials. */
    readonly rotatedArns: readonly string[];
    /** Of the administrators who may mint them. */
    readonly admins: SecretArns;
  };
}

/** What it takes to start tasks of ECS. */
export interface TaskRights {
  /** JSON for the function that starts them. */
  readonly setting: string;
  readonly clusterArn: string;
  readonly definitionArns: readonly string[];
  /** Roles that tasks are started with. */
  readonly roleArns: readonly string[];
}

/** For IAM, and for the function that runs scanners. */
export interface ScannerRights extends SecretArns {
  /** Whether any is configured. */
  readonly any: boolean;
  /** Of container tasks, where some scanner is one. */
  readonly tasks?: TaskRights & {
    /** ARN pattern of the cluster's tasks. */
    readonly taskArns: string;
  };
  /** ARN patterns of repositories that ECR scans on request. */
  readonly ecrArns: readonly string[];
  readonly inspector: boolean;
}
