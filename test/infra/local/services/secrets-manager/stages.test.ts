import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSecretsManagerService } from '../../../../../infra/local/services/secrets-manager/index.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../../../support/service-server.ts';

const region = 'eu-central-1';
const NEW = '11111111-2222-8333-8444-555555555555';
const folder = mkdtempSync(join(tmpdir(), 'lading-stages-'));
let server: ServiceServer;
let client: SecretsManagerClient;
let first: string;

beforeAll(async () => {
  const service = await openSecretsManagerService({ directory: folder, accountId: '000000000000' });
  await service.createSecret({ region, name: 'robot', secretString: 'old' });
  server = await startServiceServer({ services: [service] });
  client = new SecretsManagerClient({
    region,
    endpoint: server.endpoint,
    credentials: credentialsOf(),
    maxAttempts: 1,
  });
  first = (await client.send(new GetSecretValueCommand({ SecretId: 'robot' }))).VersionId ?? '';
});
afterAll(async () => {
  client.destroy();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const stages = async () =>
  (await client.send(new DescribeSecretCommand({ SecretId: 'robot' }))).VersionIdsToStages ?? {};
const move = (VersionStage: string, from: string | undefined, to: string | undefined) =>
  client.send(
    new UpdateSecretVersionStageCommand({
      ...{ SecretId: 'robot', VersionStage, RemoveFromVersionId: from, MoveToVersionId: to },
    }),
  );
const refused = { name: 'InvalidParameterException' };

describe('CreateSecret', () => {
  it('makes a secret once', async () => {
    const create = () => client.send(new CreateSecretCommand({ Name: 'lading/new', SecretString: 'first' }));
    const { ARN = '' } = await create();
    await expect(create()).rejects.toMatchObject({ name: 'ResourceExistsException' });
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: ARN }));
    expect(SecretString).toBe('first');
  });
});

describe('UpdateSecretVersionStage', () => {
  it('moves a stage only for who knows where it is, and makes what was current the previous one', async () => {
    await client.send(
      new PutSecretValueCommand({
        ...{ SecretId: 'robot', ClientRequestToken: NEW, SecretString: 'new', VersionStages: ['AWSPENDING'] },
      }),
    );
    expect(await stages()).toEqual({ [first]: ['AWSCURRENT'], [NEW]: ['AWSPENDING'] });
    await expect(move('AWSCURRENT', undefined, NEW)).rejects.toMatchObject(refused);
    await expect(move('AWSCURRENT', NEW, first)).rejects.toMatchObject(refused);
    await expect(move('AWSCURRENT', first, undefined)).rejects.toMatchObject(refused);
    await move('AWSCURRENT', first, NEW);
    expect(await stages()).toEqual({ [first]: ['AWSPREVIOUS'], [NEW]: ['AWSPENDING', 'AWSCURRENT'] });
    await move('AWSPENDING', NEW, undefined);
    await expect(move('AWSPENDING', NEW, undefined)).rejects.toMatchObject(refused);
    await move('mark', undefined, NEW);
    await move('AWSPREVIOUS', first, undefined);
    expect(await stages()).toEqual({ [NEW]: ['AWSCURRENT', 'mark'] });
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: 'robot' }));
    expect(SecretString).toBe('new');
    expect(server.asked).toContain(
      `secretsmanager:UpdateSecretVersionStage arn:aws:secretsmanager:eu-central-1:000000000000:secret:robot-${server.asked
        .at(-1)
        ?.slice(-6)}`,
    );
  });
});
