import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsServices } from '../../infra/local/aws-services.ts';
import { retrySoon } from '../../infra/local/running.ts';
import type { BusEvent } from '../../infra/local/services/events/model.ts';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import { queueClient, runNow } from '../../lib/aws/queues.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { fakeRegistryApi } from '../lib/registry/credentials/fake-registry-api.ts';
import { assemblyDir, projectRoot } from '../support/stack.ts';

const REGION = 'eu-central-1';
const HOST = 'harbor.example.com';
const URL_OF_HARBOR = 'http://127.0.0.1:9';
const SECRET = 'lading/harbor';
const twoHoursAgo = { now: () => new Date(Date.now() - 2 * 3_600_000) };
const admin = { username: 'robot$rotator', password: 'the admin' };
const lading = {
  primaryRegion: REGION,
  ecr: false,
  advisories: { sources: [] },
  registries: [
    {
      ...{ kind: 'distribution', host: HOST, url: URL_OF_HARBOR, allowInsecure: true, allowPrivate: true },
      credentials: { kind: 'secret', secret: SECRET },
      rotation: { issuer: { kind: 'harbor', admin: { secret: 'harbor/admin' }, robots: [11, 12] }, overlapHours: 3 },
    },
  ],
};

describe('the rotation as deployed', () => {
  let dataDir: string;
  let stack: LocalStack;
  let harbor: Awaited<ReturnType<typeof fakeRegistryApi>>;
  let secrets: SecretsManagerClient;
  const published: BusEvent[] = [];
  const notices: string[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-rotation-'));
    const proof = `Basic ${Buffer.from(`${admin.username}:${admin.password}`).toString('base64')}`;
    harbor = await fakeRegistryApi(proof, () => new Date());
    const onProblem = (what: string): void => void notices.push(what);
    stack = await startLocalStack({
      ...{ root: projectRoot, assemblyDir, dataDir, schedules: false, retryAfterSeconds: retrySoon },
      onNotice: onProblem,
      // To these services everything happens two hours ago: longer than the quiet time and the overlap.
      services: (context) => new AwsServices({ onProblem }).open({ ...context, clock: twoHoursAgo }),
      context: { lading },
      localise: (value) => value.replaceAll(URL_OF_HARBOR, harbor.server.url.origin),
    });
    stack.onEvent((event) => void published.push(event));
    const at = { endpoint: stack.endpoint, region: REGION, credentials: stack.developerKey };
    secrets = new SecretsManagerClient(at);
    const create = (Name: string, value: object) =>
      secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));
    await create('harbor/admin', admin);
    // Without a date of its own it counts as old, but nothing is done so soon after it was put there.
    await create(SECRET, { username: 'robot$lading-a', password: 'by hand' });
    harbor.passwords.set('robot$lading-a', 'by hand');
  });
  afterAll(async () => {
    secrets?.destroy();
    await stack?.close();
    await harbor?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  const run = async (): Promise<void> => {
    const queues = queueClient({ endpoint: stack.endpoint, region: REGION });
    await runNow(queues, 'lading-', 'rotate-credentials', systemClock.now());
    queues.destroy();
    await settle();
  };
  const settle = async (): Promise<void> => {
    const { settled, waitingFor } = await stack.settle({ timeoutMs: 60_000 });
    expect(settled ? [] : waitingFor).toEqual([]);
  };
  const eventsOf = (type: string) => published.filter((event) => event['detail-type'] === type);
  const rowsOf = async (name: string) => {
    const table = stack.resources.find(
      ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && logicalId.toLowerCase().startsWith(`tables${name}`),
    );
    const client = new DynamoDBClient({ endpoint: stack.endpoint, region: REGION, credentials: stack.developerKey });
    const { Items = [] } = await client.send(new ScanCommand({ TableName: table?.physicalId }));
    client.destroy();
    return Items.map((item) => unmarshall(item));
  };
  const inForce = async (): Promise<{ username: string; password: string }> =>
    JSON.parse((await secrets.send(new GetSecretValueCommand({ SecretId: SECRET }))).SecretString ?? '{}');

  it('puts new credentials in force, tells the audit trail, and has those that keep the old ones read again', async () => {
    await run();
    const now = await inForce();
    expect(now).toMatchObject({ username: 'robot$lading-b' });
    expect(harbor.passwords.get('robot$lading-b')).toBe(now.password);
    expect(harbor.passwords.get('robot$lading-a')).toBe('by hand');
    const [rotated] = eventsOf('Credentials Rotated');
    expect(rotated?.detail).toMatchObject({ data: { registry: HOST, secret: SECRET, tokenId: '12', replaced: true } });
    expect(await rowsOf('credentials')).toMatchObject([{ pk: `secret ${SECRET}`, sk: 'changed' }]);
    await run();
    expect(await inForce()).toEqual(now);
  });

  it('follows what others change: an event of Secrets Manager is noted for secrets of the configuration alone', async () => {
    const [before] = await rowsOf('credentials');
    const arn = `arn:aws:secretsmanager:${REGION}:${stack.accountId}:secret:`;
    for (const [eventName, detail] of [
      [
        'PutSecretValue',
        { requestParameters: { secretId: SECRET }, responseElements: { arn: `${arn}${SECRET}-AbCdEf` } },
      ],
      ['PutSecretValue', { requestParameters: { secretId: `${SECRET}-of-others` } }],
      ['GetSecretValue', { requestParameters: { secretId: SECRET } }],
    ] as const) {
      const detailType = 'AWS API Call via CloudTrail';
      const call = { eventSource: 'secretsmanager.amazonaws.com', eventName, ...detail };
      stack.putEvent(REGION, { source: 'aws.secretsmanager', detailType, detail: call });
    }
    await settle();
    const rows = await rowsOf('credentials');
    expect(rows.map(({ pk }) => pk)).toEqual([`secret ${SECRET}`]);
    expect(rows[0]?.mark).not.toBe(before?.mark);
  });

  it('does nothing that its rights do not allow, and leaves no dead letter', () => {
    expect(stack.deniedCalls).toEqual([]);
    expect(stack.queues.deadLetterQueues().map((queue) => queue.counts().visible)).not.toContain(1);
    expect(notices).toEqual([]);
    const audited = published.filter(({ source }) => source === 'lading.registry');
    expect(audited.length).toBeGreaterThan(0);
    const said = JSON.stringify(published);
    for (const password of ['by hand', ...harbor.passwords.values(), admin.password])
      expect(said).not.toContain(password);
  });
});
