import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSecretString } from '../../../../../infra/local/services/secrets-manager/generate-secret.ts';
import {
  openSecretsManagerService,
  type SecretsManagerService,
} from '../../../../../infra/local/services/secrets-manager/index.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../../../support/service-server.ts';

const accountId = '000000000000';
const region = 'eu-central-1';
let directory: string;
let service: SecretsManagerService;
let server: ServiceServer;
let client: SecretsManagerClient;

const open = () => openSecretsManagerService({ directory, accountId });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lading-secrets-'));
  service = await open();
  server = await startServiceServer({ services: [service] });
  client = new SecretsManagerClient({
    region,
    endpoint: server.endpoint,
    credentials: credentialsOf(),
    maxAttempts: 1,
  });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const get = (SecretId: string, more: object = {}) => client.send(new GetSecretValueCommand({ SecretId, ...more }));

describe('secrets', () => {
  it('are found by name and ARN, and keep their value over declarations and restarts', async () => {
    const declaration = { region, name: 'hooks/harbor', generateSecretString: { passwordLength: 40 } };
    const { arn } = await service.createSecret(declaration);
    expect(arn).toMatch(/^arn:aws:secretsmanager:eu-central-1:000000000000:secret:hooks\/harbor-[0-9a-f]{6}$/);
    const { SecretString, VersionStages } = await get('hooks/harbor');
    expect(SecretString).toHaveLength(40);
    expect(VersionStages).toEqual(['AWSCURRENT']);
    expect((await service.createSecret(declaration)).arn).toBe(arn);
    const reopened = await open();
    expect((await reopened.createSecret(declaration)).arn).toBe(arn);
    for (const id of [arn, arn.slice(0, -7)]) expect((await get(id)).SecretString).toBe(SecretString);
    expect((await stat(join(directory, 'secrets.json'))).mode & 0o777).toBe(0o600);
    server.asked.length = 0;
    await get('hooks/harbor');
    expect(server.asked).toEqual([`secretsmanager:GetSecretValue ${arn}`]);
  });

  it('get new versions, and keep the previous one', async () => {
    await service.createSecret({ region, name: 's', secretString: 'one' });
    const put = (SecretString: string, more: object = {}) =>
      client.send(new PutSecretValueCommand({ SecretId: 's', SecretString, ...more }));
    const first = await get('s');
    const token = 'a'.repeat(32);
    const second = await put('two', { ClientRequestToken: token });
    expect(second.VersionId).toBe(token);
    // The same again is no change; the same token for something else is refused.
    await put('two', { ClientRequestToken: token });
    await expect(put('three', { ClientRequestToken: token })).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
    expect((await get('s')).SecretString).toBe('two');
    expect((await get('s', { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one');
    await put('staged', { VersionStages: ['CANDIDATE'] });
    expect((await get('s')).SecretString).toBe('two');
    expect((await get('s', { VersionStage: 'CANDIDATE' })).SecretString).toBe('staged');
    await put('three');
    const described = await client.send(new DescribeSecretCommand({ SecretId: 's' }));
    expect(
      Object.values(described.VersionIdsToStages ?? {})
        .flat()
        .toSorted(),
    ).toEqual(['AWSCURRENT', 'AWSPREVIOUS', 'CANDIDATE']);
    expect(described.VersionIdsToStages?.[token]).toEqual(['AWSPREVIOUS']);
    expect((await get('s', { VersionId: first.VersionId })).SecretString).toBe('one');
    const binary = Buffer.from([0, 255]);
    await client.send(new PutSecretValueCommand({ SecretId: 's', SecretBinary: binary }));
    expect(Buffer.from((await get('s')).SecretBinary ?? [])).toEqual(binary);
  });

  it('are refused where they are not', async () => {
    await expect(get('none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(get('s', { VersionStage: 'NONE' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await service.createSecret({ region: 'us-east-1', name: 'far', secretString: 'x' });
    await expect(get('far')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(client.send(new RotateSecretCommand({ SecretId: 's' }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
    await expect(
      client.send(new PutSecretValueCommand({ SecretId: 's', SecretString: 'a', SecretBinary: Buffer.from('b') })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('generated secrets', () => {
  it('have the length and the characters that were asked for', () => {
    const flag = fc.boolean();
    fc.assert(
      fc.property(
        fc.record({
          passwordLength: fc.integer({ min: 5, max: 60 }),
          excludeCharacters: fc.string({ maxLength: 10 }),
          excludeLowercase: flag,
          excludeUppercase: flag,
          excludeNumbers: flag,
          excludePunctuation: flag,
          includeSpace: flag,
        }),
        (options) => {
          fc.pre(!options.excludeLowercase || !options.excludeUppercase || !options.excludePunctuation);
          const secret = generateSecretString(options);
          expect(secret).toHaveLength(options.passwordLength);
          for (const character of options.excludeCharacters) expect(secret).not.toContain(character);
          expect(/[a-z]/.test(secret)).toBe(!options.excludeLowercase);
          expect(/[A-Z]/.test(secret)).toBe(!options.excludeUppercase);
          if (options.excludeNumbers) expect(secret).not.toMatch(/\d/);
          if (options.excludePunctuation) expect(secret).toMatch(/^[A-Za-z0-9 ]*$/);
          if (!options.includeSpace) expect(secret).not.toContain(' ');
        },
      ),
    );
  });

  it('go into a template', () => {
    const secret = generateSecretString({
      secretStringTemplate: '{"user":"a","__proto__":1}',
      generateStringKey: 'password',
    });
    expect(JSON.parse(secret)).toMatchObject({ user: 'a', password: expect.stringMatching(/^.{32}$/) });
    for (const options of [
      { secretStringTemplate: '[]', generateStringKey: 'a' },
      { generateStringKey: 'a' },
      { excludeCharacters: 'x', passwordLength: 3 },
      { excludeLowercase: true, excludeUppercase: true, excludeNumbers: true, excludePunctuation: true },
    ]) {
      expect(() => generateSecretString(options)).toThrow();
    }
  });
});
