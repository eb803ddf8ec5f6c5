import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CredentialBook } from '../../../../infra/local/facade/credentials.ts';
import { Facade } from '../../../../infra/local/facade/facade.ts';
import { AccessControl } from '../../../../infra/local/facade/iam/access-control.ts';
import { credentialScope } from '../../../../infra/local/facade/sigv4.ts';
import { stsService } from '../../../../infra/local/facade/sts-service.ts';
import {
  jsonOk,
  type LocalService,
  type ServiceRequest,
  type ServiceResponse,
} from '../../../../infra/local/services/service.ts';
import { systemClock } from '../../../../lib/core/clock.ts';

const role = 'Lading-Role';

/** A service that writes down what reaches it. */
function recorder(name: string, respond: (request: ServiceRequest) => Promise<ServiceResponse> | ServiceResponse) {
  const seen: { request: ServiceRequest; body: string }[] = [];
  const service: LocalService = {
    name,
    authorize: (request, body) => [
      {
        action: `${name}:Do`,
        resource: `arn:${name}:${request.region}`,
        context: body.length > 0 ? { 's3:prefix': 'p' } : {},
      },
    ],
    ...(name === 's3' ? { streams: ({ method }) => method === 'PUT' } : {}),
    handle: async (request) => {
      seen.push({ request, body: await text(request.body) });
      return await respond(request);
    },
  };
  return { service, seen };
}

describe('the facade', () => {
  const credentials = new CredentialBook();
  const access = new AccessControl();
  const faults: string[] = [];
  const facade = new Facade({
    accountId: '111122223333',
    credentials,
    access,
    clock: systemClock,
    onFault: (service, why) => faults.push(`${service}: ${why}`),
  });
  let respond: (request: ServiceRequest) => Promise<ServiceResponse> | ServiceResponse;
  const dynamodb = recorder('dynamodb', (request) => respond(request));
  const s3 = recorder('s3', (request) => respond(request));
  const sqs = recorder('sqs', (request) => respond(request));
  let endpoint: string;
  beforeAll(async () => {
    for (const { service } of [dynamodb, s3, sqs]) facade.add(service);
    facade.add(stsService((name) => access.roleArn(name)));
    endpoint = await facade.listen(0);
    access.addRole({ name: role, arn: `arn:aws:iam::111122223333:role/${role}`, managedPolicyArns: [] });
    access.addPolicy({
      name: 'p',
      roleNames: [role],
      document: {
        Statement: [
          { Effect: 'Allow', Action: 'dynamodb:Do', Resource: 'arn:dynamodb:eu-central-1' },
          { Effect: 'Allow', Action: 's3:Do', Resource: '*' },
          {
            Effect: 'Allow',
            Action: 's3:ListBucket',
            Resource: 'arn:aws:s3:::b',
            Condition: { StringEquals: { 's3:prefix': 'p' } },
          },
        ],
      },
    });
  });
  beforeEach(() => {
    respond = () => jsonOk({});
    for (const { seen } of [dynamodb, s3, sqs]) seen.length = 0;
  });
  afterAll(() => facade.close());
  const config = (keys: { accessKeyId: string; secretAccessKey: string }, region = 'eu-central-1') => ({
    endpoint,
    region,
    credentials: keys,
    maxAttempts: 1,
  });
  const developer = { accessKeyId: 'local', secretAccessKey: 'local' };
  const get = new GetItemCommand({ TableName: 't', Key: { pk: { S: 'x' } } });

  it('routes unmodified clients by the scope of their signature, with region and caller', async () => {
    await new DynamoDBClient(config(developer, 'eu-west-1')).send(get);
    await new DynamoDBClient(config(credentials.issue(role))).send(get);
    expect(
      dynamodb.seen.map(({ request: { region, principal, accountId } }) => [region, principal, accountId]),
    ).toEqual([
      ['eu-west-1', undefined, '111122223333'],
      ['eu-central-1', role, '111122223333'],
    ]);
    expect(dynamodb.seen[0]?.request.headers.get('x-amz-target')).toBe('DynamoDB_20120810.GetItem');
    expect(JSON.parse(dynamodb.seen[0]?.body ?? '')).toEqual({ TableName: 't', Key: { pk: { S: 'x' } } });
  });

  it('denies what the policies do not grant, in the shape of each protocol, and keeps it', async () => {
    const keys = credentials.issue(role);
    const before = access.deniedCalls.length;
    await expect(new DynamoDBClient(config(keys, 'eu-west-1')).send(get)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: arn:aws:sts::111122223333:assumed-role/${role} is not authorized to perform: dynamodb:Do on resource: arn:dynamodb:eu-west-1 because no identity-based policy allows the dynamodb:Do action`,
    });
    await expect(
      new SQSClient(config(keys)).send(new ReceiveMessageCommand({ QueueUrl: `${endpoint}/1/q` })),
    ).rejects.toMatchObject({ name: expect.stringMatching(/AccessDenied/) });
    expect(access.deniedCalls.slice(before).map(({ action, principal }) => [action, principal])).toEqual([
      ['dynamodb:Do', role],
      ['sqs:Do', role],
    ]);
    expect(sqs.seen).toEqual([]);
  });

  it('refuses who is not known, and tells the developer how to sign', async () => {
    await expect(
      new DynamoDBClient(config({ accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' })).send(get),
    ).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    const plain = await fetch(endpoint, { method: 'POST' });
    expect(plain.status).toBe(403);
    expect(await plain.text()).toContain('sign with the access key \\"local\\"');
    const status = await new Promise<number | undefined>((resolve) => {
      httpRequest(endpoint, { headers: { host: 'rebound.example' } }, ({ statusCode }) => resolve(statusCode)).end();
    });
    expect(status).toBe(403);
  });

  it('names the services it has to who asks for another', async () => {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/sns/aws4_request, SignedHeaders=host, Signature=x',
      },
    });
    expect(answer.status).toBe(501);
    expect(await answer.text()).toContain('no service \\"sns\\"; it has dynamodb, s3, sqs, sts');
  });

  it('streams bodies of S3 both ways, and hands the target on as it was sent', async () => {
    const client = new S3Client(config(developer));
    const size = 3 * 1024 * 1024;
    respond = ({ method }) =>
      method === 'PUT'
        ? { status: 200, headers: { etag: '"e"' } }
        : { status: 200, body: Readable.from([Buffer.from('chunk'), Buffer.from('s')]) };
    await client.send(new PutObjectCommand({ Bucket: 'b', Key: 'a/../k', Body: Buffer.alloc(size, 1) }));
    expect(s3.seen[0]?.body.length).toBeGreaterThanOrEqual(size);
    expect(s3.seen[0]?.request.rawTarget).toMatch(/^\/b\/a\/\.\.\/k/);
    const got = await client.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
    expect(await got.Body?.transformToString()).toBe('chunks');
  });

  it('tells S3 what else the caller may do, without counting it as denied', async () => {
    const before = access.deniedCalls.length;
    const allowed: boolean[] = [];
    respond = (request) => {
      for (const prefix of ['p', 'q']) {
        allowed.push(
          request.allows?.({ action: 's3:ListBucket', resource: 'arn:aws:s3:::b', context: { 's3:prefix': prefix } }) ??
            true,
        );
      }
      return { status: 200, body: '' };
    };
    await new S3Client(config(credentials.issue(role))).send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
    await new S3Client(config(developer)).send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
    expect(allowed).toEqual([true, false, true, true]);
    expect(access.deniedCalls).toHaveLength(before);
  });

  it('answers 500 for a fault of a service, and says so', async () => {
    respond = () => {
      throw new Error('broken');
    };
    await expect(new DynamoDBClient(config(developer)).send(get)).rejects.toMatchObject({ name: 'InternalFailure' });
    expect(faults).toEqual(['dynamodb: broken']);
  });

  it('cuts the connection when an answer breaks off', async () => {
    respond = () => ({
      status: 200,
      headers: { 'content-length': '100' },
      body: (async function* () {
        yield Buffer.from('part');
        throw new Error('disk gone');
      })(),
    });
    const client = new S3Client(config(developer));
    await expect(
      client.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' })).then(({ Body }) => Body?.transformToString()),
    ).rejects.toThrow();
  });

  it('refuses a body that no JSON service takes', async () => {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/sqs/aws4_request, SignedHeaders=host, Signature=x',
      },
      body: Buffer.alloc(17 * 1024 * 1024),
    });
    expect(answer.status).toBe(413);
    expect(sqs.seen).toEqual([]);
  });

  it('says who the caller is', async () => {
    const call = (key: string): Promise<string> =>
      fetch(endpoint, {
        method: 'POST',
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/eu-central-1/sts/aws4_request, SignedHeaders=host, Signature=x`,
        },
        body: 'Action=GetCallerIdentity&Version=2011-06-15',
      }).then((answer) => answer.text());
    expect(await call('local')).toContain('<Arn>arn:aws:iam::111122223333:user/local</Arn>');
    expect(await call(credentials.issue(role).accessKeyId)).toContain(`role/${role}</Arn>`);
  });

  it('says which port is taken', async () => {
    const other = new Facade({ accountId: '1', credentials, access, clock: systemClock, onFault: () => {} });
    await expect(other.listen(Number(new URL(endpoint).port))).rejects.toMatchObject({ code: 'port-in-use' });
  });
});

describe('the credential scope', () => {
  const scope = (authorization: string, query = '') => credentialScope({ authorization }, new URLSearchParams(query));
  const found = { accessKeyId: 'AK', region: 'eu-central-1', service: 's3' };
  it.each([
    [
      'AWS4-HMAC-SHA256 Credential=AK/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0',
      '',
      found,
    ],
    ['AWS4-HMAC-SHA256 SignedHeaders=host, Credential=AK/20260101/eu-central-1/s3/aws4_request,Signature=0', '', found],
    ['', 'X-Amz-Credential=AK%2F20260101%2Feu-central-1%2Fs3%2Faws4_request', found],
    ['Basic abc', '', undefined],
    ['AWS4-HMAC-SHA256 Credential=AK/20260101/s3/aws4_request, Signature=0', '', undefined],
    ['AWS4-HMAC-SHA256 Credential=a/b/20260101/eu-central-1/s3/aws4_request, Signature=0', '', undefined],
  ])('of "%s" %s', (header, query, expected) => {
    expect(scope(header, query)).toEqual(expected);
  });
});
