import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { environmentName, type KeyName, type RegistryAccess, type Use } from '../../functions/_pipe/function.ts';
import { unreachable } from '../../lib/core/errors.ts';
import { scannerStatements, startStatements } from './scanner-rights.ts';
import type { RegistryAccessRights, SecretArns, SharedResources } from './shared-resources.ts';

type Access = 'read' | 'write' | 'read-write';

/** Scan is no right of any function: a function that needs it is missing an index. */
const tableActions: Readonly<Record<'read' | 'write', readonly string[]>> = {
  read: ['dynamodb:GetItem', 'dynamodb:Query'],
  write: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
};
const batchActions = { read: 'dynamodb:BatchGetItem', write: 'dynamodb:BatchWriteItem' } as const;

/** ListImageReferrers has no action of its own: ECR asks for BatchGetImage (API reference, "ListImageReferrers"). */
const pull = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
const registryActions: Readonly<Record<RegistryAccess, readonly string[]>> = {
  pull,
  list: [...pull, 'ecr:DescribeRepositories', 'ecr:ListImages'],
  push: [
    ...pull,
    'ecr:CompleteLayerUpload',
    'ecr:CreateRepository',
    'ecr:InitiateLayerUpload',
    'ecr:PutImage',
    'ecr:UploadLayerPart',
  ],
  // What deletes looks first at everything that is there.
  delete: [...pull, 'ecr:BatchDeleteImage', 'ecr:ListImages'],
  archive: ['ecr:UpdateImageStorageClass'],
  // Where Inspector does the scanning, ECR asks it on the caller's behalf (ECR user guide, "Enhanced scanning").
  findings: ['ecr:DescribeImageScanFindings'],
};

const readingOf = {
  ecs: [
    'ecs:DescribeServices',
    'ecs:DescribeTaskDefinition',
    'ecs:DescribeTasks',
    'ecs:ListClusters',
    'ecs:ListServices',
    'ecs:ListTasks',
  ],
  lambda: ['lambda:GetFunction', 'lambda:ListFunctions'],
  apprunner: ['apprunner:DescribeService', 'apprunner:ListServices'],
  sagemaker: [
    'sagemaker:DescribeEndpoint',
    'sagemaker:DescribeModel',
    'sagemaker:ListEndpoints',
    'sagemaker:ListModels',
  ],
} as const;

const keyActions = {
  sign: ['kms:Sign', 'kms:GetPublicKey'],
  read: ['kms:GetPublicKey'],
} as const;

type BucketUse = Extract<Use, { readonly bucket: unknown }>;

const allow = (actions: readonly string[], resources: readonly string[], conditions?: Record<string, unknown>) =>
  new PolicyStatement({
    actions: [...actions],
    resources: [...resources],
    ...(conditions ? { conditions } : {}),
  });

const includes = (access: Access, part: 'read' | 'write'): boolean => access === part || access === 'read-write';

/** The statements that one use of a function amounts to, and no more. */
export function statementsOf(use: Use, shared: SharedResources): PolicyStatement[] {
  if ('table' in use) {
    if (use.onlyWith === 'scanners' && !shared.scanners.any) return [];
    const { tableArn } = shared.tables[use.table];
    const actions = (['read', 'write'] as const).flatMap((part) =>
      includes(use.access, part) ? [...tableActions[part], ...(use.batch ? [batchActions[part]] : [])] : [],
    );
    const index = use.index ? [allow(['dynamodb:Query'], [`${tableArn}/index/gsi1`])] : [];
    return [allow(actions, [tableArn]), ...index];
  }
  if ('bucket' in use) return bucketStatements(shared.buckets[use.bucket].bucketArn, use);
  if ('bus' in use) return [allow(['events:PutEvents'], [shared.bus.eventBusArn])];
  if ('key' in use) return keyStatements(shared.keys[use.key], use.access);
  if ('secret' in use) return [allow(['secretsmanager:GetSecretValue'], [shared.secrets[use.secret].secretArn])];
  if ('registry' in use) return isNeeded(use, shared) ? registryStatements(use.registry, shared) : [];
  if ('rotation' in use) return rotationStatements(shared);
  if ('scanners' in use) return scannerStatements(shared.scanners);
  if ('largeWork' in use) return shared.largeWork ? startStatements(shared.largeWork[use.largeWork]) : [];
  // The default bus takes tasks of every region: those that events of a region are sent on from.
  if ('tasks' in use) return [allow(['ecs:StopTask'], [shared.taskArns])];
  // What is to be seen is everything; lists know no resources (service authorization reference).
  if ('workloads' in use) return shared.workloadServices.map((service) => allow(readingOf[service], ['*']));
  // AWS's own examples name no resource for it.
  if ('revocations' in use)
    return shared.trustedSignatures.ofSigner ? [allow(['signer:GetRevocationStatus'], ['*'])] : [];
  if ('signer' in use) {
    return shared.signingProfile === undefined ? [] : [allow(['signer:SignPayload'], [shared.signingProfile])];
  }
  if ('targets' in use) return targetStatements(shared);
  if ('builds' in use) {
    return shared.buildProjectArns.length > 0 ? [allow(['codebuild:StartBuild'], shared.buildProjectArns)] : [];
  }
  if ('setting' in use) return [];
  return unreachable(use);
}

function targetStatements({ notificationTargets: { topicArns, identityArns } }: SharedResources): PolicyStatement[] {
  return [
    ...(topicArns.length > 0 ? [allow(['sns:Publish'], topicArns)] : []),
    ...(identityArns.length > 0 ? [allow(['ses:SendEmail'], identityArns)] : []),
  ];
}

/** A key that is kept for its old signatures can be read, and signs no more. */
function keyStatements(keys: readonly Key[], access: 'sign' | 'read'): PolicyStatement[] {
  const readable = access === 'read' ? keys : keys.slice(0, 1);
  return readable.length === 0
    ? []
    : [
        allow(
          keyActions[access],
          readable.map(({ keyArn }) => keyArn),
        ),
      ];
}

function keyVariable(name: KeyName, { keys }: SharedResources): Record<string, string> {
  const [current] = keys[name];
  return current === undefined ? {} : { [environmentName.key(name)]: current.keyArn };
}

const taskVariable = ({ tasks }: SharedResources['scanners']): Record<string, string> =>
  tasks === undefined ? {} : { [environmentName.scannerTasks()]: tasks.setting };

function bucketStatements(bucketArn: string, { prefix, access, removes }: BucketUse): PolicyStatement[] {
  const objects = [`${bucketArn}/${prefix}*`];
  const statements: PolicyStatement[] = [];
  if (includes(access, 'write')) statements.push(allow(['s3:PutObject'], objects));
  if (removes) statements.push(allow(['s3:DeleteObject'], objects));
  if (includes(access, 'read')) {
    statements.push(allow(['s3:GetObject'], objects));
    // S3 answers 404 for a missing key only to those who may list, and its check for that names no prefix: without
    // "IfExists" a document that is not there yet would be "access denied" (S3 API reference, GetObject, "Permissions").
    statements.push(allow(['s3:ListBucket'], [bucketArn], { StringLikeIfExists: { 's3:prefix': `${prefix}*` } }));
  }
  return statements;
}

function registryStatements(access: RegistryAccess, shared: SharedResources): PolicyStatement[] {
  const rights = rightsTo(access, shared);
  const { repositoryArns, roleArns, publicGallery } = rights;
  const statements = readingStatements(rights);
  if (hasSecrets(rights)) statements.push(allow(['dynamodb:GetItem'], [shared.tables.credentials.tableArn]));
  if (repositoryArns.length > 0) {
    statements.push(allow(registryActions[access], repositoryArns), allow(['ecr:GetAuthorizationToken'], ['*']));
  }
  if (roleArns.length > 0) statements.push(allow(['sts:AssumeRole'], roleArns));
  // Neither knows resources; both are what "docker login" to the gallery needs (ECR Public user guide).
  if (publicGallery) statements.push(allow(['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'], ['*']));
  return statements;
}

/** New versions of exactly these secrets, and the administrators' secrets that they are minted with. */
function rotationStatements({ registries }: SharedResources): PolicyStatement[] {
  const { rotatedArns, admins } = registries.rotation;
  const actions = [
    'secretsmanager:DescribeSecret',
    'secretsmanager:GetSecretValue',
    'secretsmanager:PutSecretValue',
    'secretsmanager:UpdateSecretVersionStage',
  ];
  return [...(rotatedArns.length > 0 ? [allow(actions, rotatedArns)] : []), ...readingStatements(admins)];
}

const isNeeded = ({ onlyWith }: { readonly onlyWith?: 'trusted signatures' }, shared: SharedResources): boolean =>
  onlyWith === undefined || shared.trustedSignatures.any;

const rightsTo = (access: RegistryAccess, { registries }: SharedResources): RegistryAccessRights =>
  access === 'push' || access === 'delete' || access === 'archive' ? registries.writing : registries.reading;

/** Whether registries have credentials in secrets: then it is looked up whether those were changed. */
const hasSecrets = ({ secretArns, parameterArns }: SecretArns): boolean => secretArns.length + parameterArns.length > 0;

/** Reading exactly these secrets and parameters. */
function readingStatements({ secretArns, parameterArns }: SecretArns): PolicyStatement[] {
  return [
    ...(secretArns.length > 0 ? [allow(['secretsmanager:GetSecretValue'], secretArns)] : []),
    ...(parameterArns.length > 0 ? [allow(['ssm:GetParameter'], parameterArns)] : []),
  ];
}

/** The environment variables of a function: one for each thing it uses. */
export function environmentOf(uses: readonly Use[], shared: SharedResources): Record<string, string> {
  const environment: Record<string, string> = {};
  // Who does several things in registries has one set of credentials there: that of the most it does.
  const accesses = uses.flatMap((use) => ('registry' in use ? [rightsTo(use.registry, shared)] : []));
  const rights = accesses.find((one) => one === shared.registries.writing) ?? accesses[0];
  const speaks = uses.some((use) => 'registry' in use && isNeeded(use, shared));
  if (rights && speaks && hasSecrets(rights)) {
    environment[environmentName.table('credentials')] = shared.tables.credentials.tableName;
  }
  for (const use of uses) {
    if ('onlyWith' in use && use.onlyWith === 'scanners' && !shared.scanners.any) continue;
    if ('table' in use) environment[environmentName.table(use.table)] = shared.tables[use.table].tableName;
    else if ('bucket' in use) environment[environmentName.bucket(use.bucket)] = shared.buckets[use.bucket].bucketName;
    else if ('bus' in use) environment[environmentName.bus()] = shared.bus.eventBusName;
    else if ('key' in use) Object.assign(environment, keyVariable(use.key, shared));
    else if ('scanners' in use) Object.assign(environment, taskVariable(shared.scanners));
    else if ('largeWork' in use) {
      if (shared.largeWork) environment[environmentName.largeWork()] = shared.largeWork[use.largeWork].setting;
    } else if ('secret' in use) environment[environmentName.secret(use.secret)] = shared.secrets[use.secret].secretArn;
    else if ('setting' in use && use.setting === 'registries' && rights) {
      environment[environmentName.setting('registries')] = rights.setting;
    } else if ('setting' in use) environment[environmentName.setting(use.setting)] = shared.settings[use.setting];
  }
  return environment;
}
