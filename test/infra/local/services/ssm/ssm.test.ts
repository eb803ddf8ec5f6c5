import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteParameterCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  paginateGetParametersByPath,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKmsService } from '../../../../../infra/local/services/kms/index.ts';
import { openSsmService, type SsmService } from '../../../../../infra/local/services/ssm/index.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../../../support/service-server.ts';

const accountId = '000000000000';
const region = 'eu-central-1';
let directory: string;
let service: SsmService;
let server: ServiceServer;
let client: SSMClient;

const open = async () => {
  const kms = await openKmsService({ directory, accountId });
  return openSsmService({ directory, accountId, sealer: kms.sealerFor('ssm') });
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lading-ssm-'));
  service = await open();
  server = await startServiceServer({ services: [service] });
  client = new SSMClient({ region, endpoint: server.endpoint, credentials: credentialsOf(), maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const put = (Name: string, Value: string, more: object = { Type: 'String' }) =>
  client.send(new PutParameterCommand({ Name, Value, ...more }));
const get = async (Name: string, more: object = {}) =>
  (await client.send(new GetParameterCommand({ Name, ...more }))).Parameter;

describe('parameters', () => {
  it('have versions', async () => {
    expect((await put('plain', 'one')).Version).toBe(1);
    await expect(put('plain', 'two')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    expect((await put('plain', 'two', { Overwrite: true })).Version).toBe(2);
    expect(await get('plain')).toMatchObject({
      Name: 'plain',
      Type: 'String',
      Value: 'two',
      Version: 2,
      ARN: 'arn:aws:ssm:eu-central-1:000000000000:parameter/plain',
    });
    expect((await get('plain:1'))?.Value).toBe('one');
    expect((await get('arn:aws:ssm:eu-central-1:000000000000:parameter/plain'))?.Value).toBe('two');
    await expect(get('plain:3')).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
    await expect(get('none')).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });

  it('are listed by path, page by page', async () => {
    const names = ['/lading/a', '/lading/b', '/lading/c/d', '/ladings/x'];
    for (const name of names) await put(name, name);
    const page = await client.send(new GetParametersByPathCommand({ Path: '/lading' }));
    expect(page.Parameters?.map(({ Name }) => Name)).toEqual(['/lading/a', '/lading/b']);
    const all: (string | undefined)[] = [];
    for await (const { Parameters } of paginateGetParametersByPath(
      { client, pageSize: 2 },
      { Path: '/lading/', Recursive: true },
    )) {
      all.push(...(Parameters ?? []).map(({ Name }) => Name));
    }
    expect(all).toEqual(['/lading/a', '/lading/b', '/lading/c/d']);
    const some = await client.send(new GetParametersCommand({ Names: ['/lading/a', '/none'] }));
    expect(some.Parameters?.map(({ Value }) => Value)).toEqual(['/lading/a']);
    expect(some.InvalidParameters).toEqual(['/none']);
  });

  it('are sealed on disk where they are SecureString', async () => {
    await put('/secure', 'very secret', { Type: 'SecureString' });
    const sealed = await get('/secure');
    expect(sealed?.Value).not.toContain('secret');
    expect((await get('/secure', { WithDecryption: true }))?.Value).toBe('very secret');
    expect(await readFile(join(directory, 'parameters.json'), 'utf8')).not.toContain('very secret');
    await put('/secure', 'next', { Overwrite: true });
    expect((await get('/secure', { WithDecryption: true }))?.Type).toBe('SecureString');
  });

  it('come from the template, and outlive a restart', async () => {
    const declaration = { region, name: '/lading/declared', type: 'String', value: 'a' } as const;
    await service.putParameter(declaration);
    await service.putParameter(declaration);
    expect((await get('/lading/declared'))?.Version).toBe(1);
    await service.putParameter({ ...declaration, value: 'b' });
    expect(await get('/lading/declared')).toMatchObject({ Version: 2, Value: 'b' });
    const other = await startServiceServer({ services: [await open()] });
    const again = new SSMClient({ region, endpoint: other.endpoint, credentials: credentialsOf() });
    const secure = await again.send(new GetParameterCommand({ Name: '/secure', WithDecryption: true }));
    expect(secure.Parameter?.Value).toBe('next');
    again.destroy();
    await other.stop();
  });

  it('are refused where SSM refuses them', async () => {
    for (const name of ['a/b', '/a//b', 'aws/x', '/ssm', 'a b', '/x'.repeat(16)]) {
      await expect(put(name, 'x')).rejects.toMatchObject({ name: 'ValidationException' });
    }
    await expect(put('big', 'x'.repeat(4097))).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put('untyped', 'x', {})).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put('pattern', 'x', { Type: 'String', AllowedPattern: '(a+)+' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(client.send(new DeleteParameterCommand({ Name: 'plain' }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  });

  it('are what IAM is asked about', async () => {
    server.asked.length = 0;
    await get('/lading/a');
    await get('plain:1');
    await client.send(new GetParametersByPathCommand({ Path: '/lading/' }));
    const arn = 'arn:aws:ssm:eu-central-1:000000000000:parameter';
    expect(server.asked).toEqual([
      `ssm:GetParameter ${arn}/lading/a`,
      `ssm:GetParameter ${arn}/plain`,
      `ssm:GetParametersByPath ${arn}/lading`,
    ]);
  });
});
