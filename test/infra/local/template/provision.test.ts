import { describe, expect, it } from 'vitest';
import type { Backends, FunctionDefinition, TableDefinition } from '../../../../infra/local/template/backends.ts';
import { parseTemplate, type StackTemplate } from '../../../../infra/local/template/model.ts';
import { provision } from '../../../../infra/local/template/provision.ts';
import { resourceHandlers } from '../../../../infra/local/template/resources/index.ts';

const stackOf = (document: Record<string, unknown>, more: Partial<StackTemplate> = {}): StackTemplate => {
  const stackName = more.stackName ?? 'Lading';
  return {
    stackName,
    region: 'eu-central-1',
    accountId: '111122223333',
    template: parseTemplate(document, stackName),
    assetPath: (key) => `/assets/${key}`,
    ...more,
  };
};

/** Backends that write down what they are told, in order. */
function recording() {
  const made: [string, unknown][] = [];
  const functions: FunctionDefinition[] = [];
  const tables: TableDefinition[] = [];
  const note =
    (kind: string) =>
    (what: unknown): void => {
      made.push([kind, what]);
    };
  const noteAsync =
    (kind: string) =>
    async (what: unknown): Promise<void> => {
      made.push([kind, what]);
    };
  const backends: Backends = {
    tables: {
      createTable: async (table) => {
        tables.push(table);
        made.push(['table', table]);
      },
    },
    queues: {
      create: (queue) => {
        made.push(['queue', queue]);
        return {
          arn: `arn:aws:sqs:${queue.region}:${queue.accountId}:${queue.name}`,
          url: `http://127.0.0.1:4/${queue.accountId}/${queue.name}`,
        };
      },
    },
    events: { createBus: note('bus'), putRule: note('rule') },
    schedules: { createSchedule: note('schedule') },
    functions: {
      createFunction: (fn) => {
        functions.push(fn);
        made.push(['function', fn]);
      },
      createEventSource: note('event source'),
      configureAsync: note('async'),
    },
    policies: { addRole: note('role'), addPolicy: note('policy') },
    keys: {
      createKey: async (key) => {
        made.push(['key', key]);
        return { keyId: `id-of-${key.logicalId.replace('/', '-')}`, arn: 'arn:key' };
      },
      createAlias: noteAsync('alias'),
    },
    buckets: { createBucket: noteAsync('bucket') },
    parameters: { createParameter: noteAsync('parameter') },
    secrets: {
      createSecret: async (secret) => {
        made.push(['secret', secret]);
        return { arn: `arn:secret:${secret.name}` };
      },
    },
  };
  return { backends, made, functions, tables, kinds: () => made.map(([kind]) => kind) };
}

const run = (stacks: readonly StackTemplate[], backends: Backends, parameters = new Map<string, string>()) =>
  provision({
    stacks,
    handlers: resourceHandlers(backends),
    parameters,
    parameterStore: new Map([['/given', 'stored']]),
  });

const fn = (environment: Record<string, unknown>): Record<string, unknown> => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Key: 'abc.zip' },
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    Runtime: 'nodejs24.x',
    Environment: { Variables: environment },
  },
});
const role = { Type: 'AWS::IAM::Role', Properties: { ManagedPolicyArns: [] } };

describe('provisioning', () => {
  it('makes things after what they depend on, and hands on names, ARNs and addresses', async () => {
    const { backends, made, kinds, functions } = recording();
    const stack = stackOf({
      Resources: {
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: {
            EventBusName: { Ref: 'Bus' },
            EventPattern: { source: ['x'] },
            Targets: [
              {
                Id: 'T0',
                Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
                DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['Dead', 'Arn'] } },
              },
            ],
          },
        },
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
            FunctionName: { Ref: 'Fn' },
            BatchSize: '5',
            ScalingConfig: { MaximumConcurrency: 2 },
            FunctionResponseTypes: ['ReportBatchItemFailures'],
          },
        },
        Fn: fn({ QUEUE: { Ref: 'Queue' }, N: 5 }),
        Role: role,
        Queue: {
          Type: 'AWS::SQS::Queue',
          Properties: {
            VisibilityTimeout: 90,
            RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 4 },
          },
        },
        Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
        Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'lading' } },
      },
    });
    const result = await run([stack], backends);
    expect(kinds()).toEqual(['bus', 'queue', 'queue', 'rule', 'role', 'function', 'event source']);
    const queueName = result.resources.find(({ logicalId }) => logicalId === 'Queue')?.physicalId ?? '';
    expect(queueName).toMatch(/^http:\/\/127\.0\.0\.1:4\/111122223333\/Lading-Queue-[0-9a-f]{8}$/);
    expect(functions[0]).toMatchObject({
      environment: { QUEUE: queueName, N: '5' },
      codeFolder: '/assets/abc.zip',
      timeoutSeconds: 3,
      memoryMb: 128,
      principal: expect.stringMatching(/^Lading-Role-/),
      logGroup: expect.stringMatching(/^\/aws\/lambda\/Lading-Fn-/),
      traced: false,
    });
    expect(made.find(([kind]) => kind === 'event source')?.[1]).toMatchObject({
      functionArn: functions[0]?.arn,
      batchSize: 5,
      maximumConcurrency: 2,
      reportsItemFailures: true,
    });
    expect(made.find(([kind]) => kind === 'rule')?.[1]).toMatchObject({
      busName: 'lading',
      pattern: { source: ['x'] },
      targets: [{ id: 'T0', deadLetterArn: 'arn:aws:sqs:eu-central-1:111122223333:dead' }],
    });
    expect(result.skipped).toEqual([]);
  });

  it('derives the same names at every start, and others in another stack or region', async () => {
    const template = { Resources: { Bucket: { Type: 'AWS::S3::Bucket' }, Api: { Type: 'AWS::ApiGatewayV2::Api' } } };
    const ids = async (more: Partial<StackTemplate> = {}): Promise<string[]> =>
      (await run([stackOf(template, more)], recording().backends)).resources.map(({ physicalId }) => physicalId);
    const first = await ids();
    expect(await ids()).toEqual(first);
    expect(first[0]).toMatch(/^lading-bucket-[0-9a-f]{8}$/);
    expect(first[1]).toMatch(/^[0-9a-z]{10}$/);
    for (const other of [await ids({ region: 'eu-west-1' }), await ids({ stackName: 'Other' })]) {
      expect(other.some((id) => first.includes(id))).toBe(false);
    }
  });

  it('carries values between stacks of a region by export and import', async () => {
    const { backends, functions } = recording();
    const consumer = stackOf(
      { Resources: { Fn: fn({ Q: { 'Fn::ImportValue': 'Lading:Out' } }), Role: role } },
      { stackName: 'Consumer' },
    );
    const producer = stackOf({
      Resources: { Queue: { Type: 'AWS::SQS::Queue' } },
      Outputs: { Out: { Value: { 'Fn::GetAtt': ['Queue', 'Arn'] }, Export: { Name: 'Lading:Out' } } },
    });
    const { outputs } = await run([consumer, producer], backends);
    expect(functions[0]?.environment.Q).toMatch(/^arn:aws:sqs:eu-central-1:111122223333:Lading-Queue-/);
    expect(outputs.get('Lading.Out')).toBe(functions[0]?.environment.Q);
    await expect(run([{ ...consumer, region: 'eu-west-1' }, producer], backends)).rejects.toMatchObject({
      code: 'template-unresolved',
      message: expect.stringContaining('no stack of region eu-west-1 exports "Lading:Out"'),
    });
  });

  it("carries values between regions as CDK's export writer and reader do, also in both directions", async () => {
    const { backends, functions, tables } = recording();
    const half = (own: string, other: string, otherRegion: string): Record<string, unknown> => ({
      Resources: {
        Fn: fn({ OTHER: { 'Fn::GetAtt': ['Reader', `/cdk/exports/${own}/t`] } }),
        Role: role,
        Reader: {
          Type: 'Custom::CrossRegionExportReader',
          Properties: {
            ServiceToken: { 'Fn::GetAtt': ['Provider', 'Arn'] },
            ReaderProps: {
              region: 'x',
              prefix: own,
              imports: { [`/cdk/exports/${own}/t`]: `{{resolve:ssm:/cdk/exports/${own}/t}}` },
            },
          },
        },
        Provider: fn({}),
        Writer: {
          Type: 'Custom::CrossRegionExportWriter',
          Properties: {
            ServiceToken: { 'Fn::GetAtt': ['Provider', 'Arn'] },
            WriterProps: { region: otherRegion, exports: { [`/cdk/exports/${other}/t`]: { Ref: 'Table' } } },
          },
        },
        Table: {
          Type: 'AWS::DynamoDB::GlobalTable',
          Properties: {
            AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
            KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
            TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
            Replicas: [{ Region: 'eu-central-1' }, { Region: 'eu-west-1' }],
          },
        },
      },
    });
    const result = await run(
      [
        stackOf(half('Lading', 'Replica', 'eu-west-1')),
        stackOf(half('Replica', 'Lading', 'eu-central-1'), { stackName: 'Replica', region: 'eu-west-1' }),
      ],
      backends,
    );
    expect(functions.map(({ stackName, environment }) => [stackName, environment.OTHER]).sort()).toEqual([
      ['Lading', expect.stringMatching(/^Replica-Table-/)],
      ['Replica', expect.stringMatching(/^Lading-Table-/)],
    ]);
    expect(tables.find(({ region }) => region === 'eu-central-1')).toMatchObject({
      timeToLiveAttribute: 'expiresAt',
      replicaRegions: ['eu-west-1'],
    });
    expect(result.skipped).toEqual([
      { type: 'AWS::Lambda::Function', reason: 'it serves a custom resource only', count: 2 },
    ]);
  });

  it('evaluates conditions and parameters, leaves out what does not hold, and asks for what is missing', async () => {
    const { backends, functions, kinds } = recording();
    const stack = stackOf({
      Parameters: {
        Stage: { Type: 'String', Default: 'dev' },
        Given: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/given' },
        Unused: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/x/version' },
        Items: { Type: 'CommaDelimitedList', Default: 'a, b' },
      },
      Mappings: { Sizes: { dev: { n: 1 }, prod: { n: 9 } } },
      Conditions: {
        IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
        NotProd: { 'Fn::Not': [{ Condition: 'IsProd' }] },
      },
      Resources: {
        Prod: { Type: 'AWS::SQS::Queue', Condition: 'IsProd' },
        Fn: fn({
          G: { Ref: 'Given' },
          N: { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'n'] },
          X: { 'Fn::If': ['NotProd', 'small', { Ref: 'Prod' }] },
          L: { 'Fn::Select': [1, { Ref: 'Items' }] },
          W: { 'Fn::Sub': `\${AWS::AccountId}.\${AWS::Region}.\${AWS::URLSuffix}` },
        }),
        Role: role,
      },
    });
    await run([stack], backends);
    expect(kinds()).toEqual(['role', 'function']);
    expect(functions[0]?.environment).toEqual({
      G: 'stored',
      N: '1',
      X: 'small',
      L: 'b',
      W: '111122223333.eu-central-1.amazonaws.com',
    });
    await run([stack], backends, new Map([['Stage', 'prod']]));
    expect(functions[1]?.environment).toMatchObject({ N: '9', X: expect.stringContaining('Lading-Prod') });
  });

  it.each<[string, unknown, string, string]>([
    [
      'a reference to nothing',
      { Ref: 'Nothing' },
      'template-unresolved',
      'Lading/Fn.Properties.Environment.Variables.V',
    ],
    [
      'an attribute that is not there',
      { 'Fn::GetAtt': ['Role', 'Nope'] },
      'template-unresolved',
      '"Role" (AWS::IAM::Role)',
    ],
    ['an unknown SSM parameter', '{{resolve:ssm:/none}}', 'template-unresolved', 'ssm:/none'],
    ['an unknown secret', '{{resolve:secretsmanager:x}}', 'template-unresolved', 'secretsmanager:x'],
    ['itself', { Ref: 'Fn' }, 'template-cycle', 'Lading/Fn → '],
    ['an attribute of a skipped type', { 'Fn::GetAtt': ['Alien', 'Arn'] }, 'template-unresolved', 'AWS::Alien::Thing'],
  ])('refuses %s', async (_name, value, code, message) => {
    const stack = stackOf({ Resources: { Fn: fn({ V: value }), Role: role, Alien: { Type: 'AWS::Alien::Thing' } } });
    await expect(run([stack], recording().backends)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('makes keys, aliases and locked buckets', async () => {
    const { backends, made } = recording();
    const stack = stackOf({
      Resources: {
        Alias: {
          Type: 'AWS::KMS::Alias',
          Properties: { AliasName: 'alias/sign', TargetKeyId: { 'Fn::GetAtt': ['Key', 'KeyId'] } },
        },
        Key: { Type: 'AWS::KMS::Key', Properties: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } },
        Evidence: {
          Type: 'AWS::S3::Bucket',
          Properties: {
            ObjectLockEnabled: true,
            ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 7 } } },
          },
        },
      },
    });
    await run([stack], backends);
    expect(made).toEqual([
      ['key', expect.objectContaining({ logicalId: 'Lading/Key', keySpec: 'ECC_NIST_P256' })],
      ['alias', expect.objectContaining({ alias: 'alias/sign', keyId: 'id-of-Lading-Key' })],
      ['bucket', expect.objectContaining({ versioned: true, objectLock: { mode: 'COMPLIANCE', days: 7 } })],
    ]);
  });

  it('skips replicas of keys, and says so', async () => {
    const { backends, made } = recording();
    const stack = stackOf({
      Resources: {
        Key: {
          Type: 'AWS::KMS::ReplicaKey',
          Properties: { PrimaryKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/mrk-1' },
        },
        Alias: {
          Type: 'AWS::KMS::Alias',
          Properties: { AliasName: 'alias/sign', TargetKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
        },
      },
    });
    const { skipped } = await run([stack], backends);
    expect(skipped).toEqual([
      { type: 'AWS::KMS::ReplicaKey', reason: 'keys are of one region here: its alias finds no key', count: 1 },
    ]);
    expect(made.map(([kind]) => kind)).toEqual(['alias']);
  });

  it('names stack, resource and member of a property that is wrong', async () => {
    const stack = stackOf({ Resources: { Q: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 'long' } } } });
    await expect(run([stack], recording().backends)).rejects.toMatchObject({
      code: 'template-invalid',
      message: expect.stringMatching(/Lading\/Q \(AWS::SQS::Queue\)[\s\S]*VisibilityTimeout/),
    });
  });

  it('lists what it skips, with the reason', async () => {
    const stack = stackOf({
      Resources: {
        A: { Type: 'AWS::Alien::Thing' },
        P1: { Type: 'AWS::Lambda::Permission', Properties: {} },
        P2: { Type: 'AWS::Lambda::Permission', Properties: {} },
        Repo: { Type: 'AWS::ECR::Repository' },
        Py: {
          Type: 'AWS::Lambda::Function',
          Properties: { Code: { ZipFile: 'x' }, Role: 'arn:aws:iam::1:role/r', Runtime: 'python3.13' },
        },
      },
    });
    const { skipped } = await run([stack], recording().backends);
    expect(skipped).toEqual([
      { type: 'AWS::Alien::Thing', reason: 'not known to the local stack', count: 1 },
      { type: 'AWS::Lambda::Permission', reason: 'service permissions are not checked here', count: 2 },
      { type: 'AWS::ECR::Repository', reason: 'the stack runs without ecr', count: 1 },
      { type: 'AWS::Lambda::Function', reason: 'the runtime python3.13 is not run here', count: 1 },
    ]);
  });
});
