import { z } from 'zod';
import { type Clock, systemClock } from '../../../../lib/core/clock.ts';
import { LadingError } from '../../../../lib/core/errors.ts';
import { AwsError, type Caller, epochSeconds, jsonService, operation } from '../json-service.ts';
import type { LocalService, RequiredPermission } from '../service.ts';
import { type GenerateSecretString, generateSecretString } from './generate-secret.ts';
import {
  CURRENT,
  openSecretStore,
  type SecretStore,
  type SecretVersion,
  secretArn,
  secretNotFound,
} from './secrets.ts';

export type { GenerateSecretString } from './generate-secret.ts';

/** A secret as the template declares it (`AWS::SecretsManager::Secret`). */
export interface SecretDeclaration {
  readonly region: string;
  readonly name: string;
  readonly description?: string;
  readonly secretString?: string;
  readonly generateSecretString?: GenerateSecretString;
}

export interface SecretsManagerService extends LocalService {
  /** Makes the secret where there is none of that name; an existing one keeps the value that it has. */
  createSecret(declaration: SecretDeclaration): Promise<{ readonly arn: string; readonly name: string }>;
}

/** @throws LadingError `state-invalid` */
export async function openSecretsManagerService(options: {
  readonly directory: string;
  readonly accountId: string;
  readonly clock?: Clock;
}): Promise<SecretsManagerService> {
  const { directory, accountId, clock = systemClock } = options;
  const secrets = await openSecretStore(directory, () => clock.now().getTime());
  const service = jsonService({
    name: 'secretsmanager',
    invalid: 'ValidationException',
    operations: operationsOn(secrets),
  });
  return {
    ...service,
    createSecret: async ({ region, name, description = '', secretString, generateSecretString: generate }) => {
      if (secretString !== undefined && generate !== undefined) {
        throw new LadingError('secret-invalid', `the secret ${name} has both a value and a rule to make one`);
      }
      const made = await secrets.declare({ region, name, description }, () => ({
        text: secretString ?? generateSecretString(generate ?? {}),
      }));
      return { arn: secretArn(made, accountId), name };
    },
  };
}

const secretId = z.string().min(1).max(2048);

const onSecret =
  (secrets: SecretStore, action: string) =>
  ({ SecretId }: { readonly SecretId: string }, caller: Caller): readonly RequiredPermission[] => [
    { action: `secretsmanager:${action}`, resource: secretArn(secrets.find(SecretId, caller), caller.accountId) },
  ];

const operationsOn = (secrets: SecretStore) => ({ ...readingOperations(secrets), ...writingOperations(secrets) });

const readingOperations = (secrets: SecretStore) => ({
  GetSecretValue: operation({
    input: z.strictObject({
      SecretId: secretId,
      VersionId: z.string().optional(),
      VersionStage: z.string().optional(),
    }),
    permissions: onSecret(secrets, 'GetSecretValue'),
    run: ({ SecretId, VersionId, VersionStage }, caller) => {
      const found = secrets.find(SecretId, caller);
      const stage = VersionStage ?? (VersionId === undefined ? CURRENT : undefined);
      const version = found.versions.find(
        ({ id, stages }) =>
          (VersionId === undefined || id === VersionId) && (stage === undefined || stages.includes(stage)),
      );
      if (version === undefined) {
        throw secretNotFound(
          `Secrets Manager can't find the specified secret value for ${VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${VersionId}`}`,
        );
      }
      return {
        ARN: secretArn(found, caller.accountId),
        Name: found.name,
        VersionId: version.id,
        VersionStages: version.stages,
        SecretString: version.text,
        SecretBinary: version.binary,
        CreatedDate: epochSeconds(version.created),
      };
    },
  }),
  DescribeSecret: operation({
    input: z.strictObject({ SecretId: secretId }),
    permissions: onSecret(secrets, 'DescribeSecret'),
    run: ({ SecretId }, caller) => {
      const found = secrets.find(SecretId, caller);
      return {
        ARN: secretArn(found, caller.accountId),
        Name: found.name,
        Description: found.description,
        RotationEnabled: false,
        CreatedDate: epochSeconds(found.created),
        LastChangedDate: epochSeconds(found.changed),
        VersionIdsToStages: Object.fromEntries(found.versions.filter(isStaged).map(({ id, stages }) => [id, stages])),
      };
    },
  }),
});

const writingOperations = (secrets: SecretStore) => ({
  CreateSecret: operation({
    input: z.strictObject({
      Name: z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'is not the name of a secret'),
      ClientRequestToken: z.string().min(32).max(64).optional(),
      Description: z.string().max(2048).default(''),
      SecretString: z.string().max(65_536),
    }),
    permissions: ({ Name }, { region, accountId }) => [
      {
        action: 'secretsmanager:CreateSecret',
        resource: `arn:aws:secretsmanager:${region}:${accountId}:secret:${Name}-??????`,
      },
    ],
    run: async ({ Name, Description, SecretString }, caller) => {
      let made = false;
      const found = await secrets.declare({ region: caller.region, name: Name, description: Description }, () => {
        made = true;
        return { text: SecretString };
      });
      if (!made) throw new AwsError('ResourceExistsException', `A secret with the name ${Name} exists already.`);
      return { ARN: secretArn(found, caller.accountId), Name, VersionId: found.versions[0]?.id };
    },
  }),
  PutSecretValue: operation({
    input: z.strictObject({
      SecretId: secretId,
      ClientRequestToken: z.string().min(32).max(64),
      SecretString: z.string().max(65_536).optional(),
      SecretBinary: z.base64().max(87_384).optional(),
      VersionStages: z.array(z.string().min(1).max(256)).min(1).max(20).default([CURRENT]),
    }),
    permissions: onSecret(secrets, 'PutSecretValue'),
    run: async ({ SecretId, ClientRequestToken, SecretString, SecretBinary, VersionStages }, caller) => {
      if ((SecretString === undefined) === (SecretBinary === undefined)) {
        throw new AwsError('InvalidParameterException', 'Provide either SecretString or SecretBinary.');
      }
      const found = secrets.find(SecretId, caller);
      const value = SecretString === undefined ? { binary: SecretBinary } : { text: SecretString };
      const version = await secrets.put(found, ClientRequestToken, value, VersionStages);
      return {
        ARN: secretArn(found, caller.accountId),
        Name: found.name,
        VersionId: version.id,
        VersionStages: version.stages,
      };
    },
  }),
  UpdateSecretVersionStage: operation({
    input: z.strictObject({
      SecretId: secretId,
      VersionStage: z.string().min(1).max(256),
      MoveToVersionId: z.string().min(32).max(64).optional(),
      RemoveFromVersionId: z.string().min(32).max(64).optional(),
    }),
    permissions: onSecret(secrets, 'UpdateSecretVersionStage'),
    run: async ({ SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId }, caller) => {
      const found = secrets.find(SecretId, caller);
      await secrets.moveStage(found, VersionStage, { from: RemoveFromVersionId, to: MoveToVersionId });
      return { ARN: secretArn(found, caller.accountId), Name: found.name };
    },
  }),
});

const isStaged = ({ stages }: SecretVersion): boolean => stages.length > 0;
