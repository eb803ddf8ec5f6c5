import { Match } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableNames, type Use, variableOf } from '../../../functions/_pipe/function.ts';
import { functionDeclarations as allDeclarations } from '../../../infra/functions.ts';
import { unpackText } from '../../../lib/core/packed-text.ts';
import { type Resource, removeFolders, type Synthesis, synthesize } from './synthesis.ts';

let synthesis: Synthesis;

/**
 * Nothing is rotated here, and no scanner set to work; what is made where something is, credentials.test.ts and
 * scanners.test.ts look at.
 */
const functionDeclarations = allDeclarations
  .filter(({ onlyWith }) => onlyWith !== 'rotated credentials' && onlyWith !== 'scanners')
  .map((declaration) => ({
    ...declaration,
    uses: declaration.uses.filter((use) => !('onlyWith' in use && use.onlyWith === 'scanners')),
  }));

beforeAll(async () => {
  synthesis = await synthesize({
    primaryRegion: 'eu-central-1',
    replicaRegions: ['us-east-1'],
    evidenceRetentionDays: 400,
    evidenceLockMode: 'COMPLIANCE',
    backup: { sources: [{ registry: 'registry.example' }] },
    edge: { enabled: true },
    registries: [
      {
        kind: 'distribution',
        host: 'registry.example',
        credentials: { kind: 'secret', secret: 'registries/example' },
      },
    ],
  });
});
afterAll(removeFolders);

const queueFed = functionDeclarations.filter(({ trigger }) => trigger.kind !== 'http');

const ofType = (type: string): [string, Resource][] =>
  Object.entries(synthesis.resources).filter(([, { Type }]) => Type === type);
/** The one resource of a type that satisfies the condition, and whose logical id begins so, with that id. */
const the = (
  type: string,
  matches: (properties: Resource['Properties']) => boolean = () => true,
  idStart = '',
): [string, Resource] => {
  const found = ofType(type).filter(([id, { Properties }]) => id.startsWith(idStart) && matches(Properties));
  expect(found).toHaveLength(1);
  return found[0] as [string, Resource];
};
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const functionOf = (name: string) => the('AWS::Lambda::Function', (p) => p.FunctionName === `lading-${name}`);
const queueOf = (name: string) => the('AWS::SQS::Queue', (p) => p.QueueName === `lading-${name}`);
const deadLettersOf = (name: string) => the('AWS::SQS::Queue', (p) => p.QueueName === `lading-${name}-dlq`);
const ruleOf = (name: string) => the('AWS::Events::Rule', (p) => p.Description.endsWith(`(${name})`));
const roleOf = (name: string): Resource => {
  const [id] = functionOf(name)[1].Properties.Role['Fn::GetAtt'];
  return synthesis.resources[id] as Resource;
};

/** References in angle brackets, so that values of a template can be compared as texts. */
function flat(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[intrinsic, argument] = ['', undefined]] = Object.entries(value);
  if (intrinsic === 'Ref') return `<${argument}>`;
  if (intrinsic === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (intrinsic === 'Fn::Join') return (argument as [string, unknown[]])[1].map(flat).join('');
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

describe('a queue-fed function', () => {
  it.each(queueFed)('$name: rule → queue → function, and to dead letters what fails on the way', (declaration) => {
    const { name, trigger, timeoutSeconds } = declaration;
    const [queueId, queue] = queueOf(name);
    const [deadLettersId, deadLetters] = deadLettersOf(name);
    const [ruleId, rule] = ruleOf(name);
    expect(rule.Properties.Targets).toEqual([
      { Id: 'queue', Arn: arnOf(queueId), DeadLetterConfig: { Arn: arnOf(deadLettersId) } },
    ]);
    expect(rule.Properties.State).toBe('ENABLED');
    if (trigger.kind === 'events') {
      expect(rule.Properties.EventPattern).toEqual(trigger.pattern);
      expect(rule.Properties.EventBusName === undefined).toBe(trigger.bus === 'default');
    } else {
      expect(rule.Properties.ScheduleExpression).toMatch(/^(rate|cron)\(/);
    }
    expect(queue.Properties).toMatchObject({
      VisibilityTimeout: 6 * timeoutSeconds,
      RedrivePolicy: { deadLetterTargetArn: arnOf(deadLettersId), maxReceiveCount: 10 },
      SqsManagedSseEnabled: true,
    });
    expect(deadLetters.Properties.SqsManagedSseEnabled).toBe(true);
    expect(deadLetters.Properties.MessageRetentionPeriod).toBeGreaterThan(queue.Properties.MessageRetentionPeriod);

    const [functionId] = functionOf(name);
    const [, poller] = the('AWS::Lambda::EventSourceMapping', (p) => flat(p.FunctionName) === `<${functionId}>`);
    expect(poller.Properties.EventSourceArn).toEqual(arnOf(queueId));
    expect(poller.Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);

    for (const id of [queueId, deadLettersId]) {
      const [, policy] = the('AWS::SQS::QueuePolicy', (p) => flat(p.Queues[0]) === `<${id}>`);
      expect(policy.Properties.PolicyDocument.Statement).toEqual([
        expect.objectContaining({
          Effect: 'Deny',
          Action: 'sqs:*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
        expect.objectContaining({
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Principal: { Service: 'events.amazonaws.com' },
          Condition: {
            ArnEquals: { 'aws:SourceArn': arnOf(ruleId) },
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
          },
        }),
      ]);
    }
  });

  it.each(queueFed)('$name: no more at once than declared, within what an SQS mapping takes', ({ name, trigger }) => {
    const [functionId, { Properties }] = functionOf(name);
    const [, poller] = the('AWS::Lambda::EventSourceMapping', (p) => flat(p.FunctionName) === `<${functionId}>`);
    const wanted = trigger.kind === 'events' ? trigger.maxConcurrency : 2;
    expect(poller.Properties.ScalingConfig.MaximumConcurrency).toBe(Math.max(2, wanted));
    expect(Properties.ReservedConcurrentExecutions).toBe(wanted < 2 ? wanted : undefined);
    expect(poller.Properties.BatchSize).toBe(trigger.kind === 'events' ? trigger.batchSize : 1);
  });

  it.each(queueFed)('$name: alarms on dead letters and errors, each with its runbook', ({ name }) => {
    const [deadLettersId] = deadLettersOf(name);
    const alarm = (metric: string, runbook: string) => {
      const [, { Properties }] = the('AWS::CloudWatch::Alarm', (p) => p.AlarmName === `lading-${name}-${runbook}`);
      expect(Properties).toMatchObject({ MetricName: metric, TreatMissingData: 'notBreaching' });
      expect(Properties.AlarmDescription).toContain(`docs/runbooks/${runbook}.md`);
      return Properties;
    };
    const queueName = [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [deadLettersId, 'QueueName'] } }];
    expect(alarm('ApproximateNumberOfMessagesVisible', 'dead-letters').Dimensions).toEqual(queueName);
    const expiring = alarm('ApproximateAgeOfOldestMessage', 'dead-letters-expiring');
    expect(expiring.Dimensions).toEqual(queueName);
    expect(expiring.Threshold).toBeLessThan(deadLettersOf(name)[1].Properties.MessageRetentionPeriod);
    alarm('Errors', 'function-errors');
  });
});

describe('the sources of advisories', () => {
  it('raise an alarm when one fails, and another when one gave nothing good for two days', () => {
    const [functionId] = functionOf('sync-advisories');
    for (const [runbook, metric, threshold] of [
      ['advisories-failing', 'AdvisorySourcesFailing', 1],
      ['advisories-stale', 'AdvisoryAge', 48 * 3600],
    ] as const) {
      const [, { Properties }] = the(
        'AWS::CloudWatch::Alarm',
        (p) => p.AlarmName === `lading-sync-advisories-${runbook}`,
      );
      expect(Properties).toMatchObject({ Namespace: 'Lading', MetricName: metric, Threshold: threshold });
      expect(Properties.Dimensions).toEqual([{ Name: 'FunctionName', Value: { Ref: functionId } }]);
      expect(Properties.AlarmDescription).toContain(`docs/runbooks/${runbook}.md`);
    }
  });
});

describe('every function', () => {
  it.each(functionDeclarations)('$name is made as declared', ({ name, description, memoryMb, timeoutSeconds }) => {
    const [, { Properties }] = functionOf(name);
    expect(Properties).toMatchObject({
      Architectures: ['arm64'],
      Description: description,
      Handler: 'index.handler',
      MemorySize: memoryMb,
      Runtime: 'nodejs24.x',
      Timeout: timeoutSeconds,
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON' },
    });
    const logGroup = synthesis.resources[Properties.LoggingConfig.LogGroup.Ref] as Resource;
    expect(logGroup.Properties).toEqual({ LogGroupName: `/aws/lambda/lading-${name}`, RetentionInDays: 30 });
  });

  it.each(functionDeclarations)('$name gets the variables of what it uses, and no others', ({ name, uses }) => {
    // Nothing asks for a post-quantum key here, so there is none, and no variable that names it.
    const without = [undefined, 'POST_QUANTUM_KEY_ID'];
    const declared = new Set(uses.map(variableOf).filter((variable) => !without.includes(variable)));
    // The registries have credentials here, and whether those were changed stands in a table.
    if (uses.some((use) => 'registry' in use && use.onlyWith === undefined)) declared.add('CREDENTIALS_TABLE');
    const { Variables } = functionOf(name)[1].Properties.Environment;
    expect(new Set(Object.keys(Variables))).toEqual(declared);
  });

  it.each(functionDeclarations)('$name may do what it declares, and nothing else', ({ name, uses }) => {
    const role = roleOf(name);
    expect(role.Properties.ManagedPolicyArns).toBeUndefined();
    expect(role.Properties.Policies).toHaveLength(1);
    const granted = new Set<string>();
    for (const { Effect, Action, Resource, Condition } of role.Properties.Policies[0].PolicyDocument.Statement) {
      expect(Effect).toBe('Allow');
      for (const action of list(Action)) {
        expect(action).not.toContain('*');
        const condition = Condition ? ` if ${JSON.stringify(Condition)}` : '';
        for (const resource of list(Resource)) granted.add(`${action} ${flat(resource)}${condition}`);
      }
    }
    const queue = queueFed.some((fed) => fed.name === name) ? queueOf(name)[0] : undefined;
    const logs = functionOf(name)[1].Properties.LoggingConfig.LogGroup.Ref;
    const expected = new Set([
      ...['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => `${action} <${logs}.Arn>`),
      ...['xray:PutTelemetryRecords', 'xray:PutTraceSegments'].map((action) => `${action} *`),
      ...(queue
        ? ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes'].map(
            (action) => `sqs:${action} <${queue}.Arn>`,
          )
        : []),
      ...uses.flatMap(rightsOf),
    ]);
    expect([...granted].sort()).toEqual([...expected].sort());
  });

  it('is the only one with a policy: no other stands beside the roles', () => {
    synthesis.template.resourceCountIs('AWS::IAM::Role', functionDeclarations.length);
    for (const type of ['Policy', 'ManagedPolicy', 'RolePolicy']) {
      synthesis.template.resourceCountIs(`AWS::IAM::${type}`, 0);
    }
  });
});

/** What each kind of use amounts to, said once more and independently of the code that grants it. */
function rightsOf(use: Use): string[] {
  const parts = 'access' in use ? String(use.access).split('-') : [];
  const reads = parts.includes('read');
  const writes = parts.includes('write');
  const on = (service: string, actions: string, ...resources: string[]) =>
    actions.split(' ').flatMap((action) => resources.map((resource) => `${service}:${action} ${resource}`));
  if ('table' in use) {
    const [id] = the('AWS::DynamoDB::Table', undefined, `Tables${capital(use.table)}`);
    const arn = `<${id}.Arn>`;
    return [
      ...(reads ? on('dynamodb', 'GetItem Query', arn) : []),
      ...(writes ? on('dynamodb', 'PutItem UpdateItem DeleteItem', arn) : []),
      ...(reads && use.batch ? on('dynamodb', 'BatchGetItem', arn) : []),
      ...(writes && use.batch ? on('dynamodb', 'BatchWriteItem', arn) : []),
      ...(use.index ? on('dynamodb', 'Query', `${arn}/index/gsi1`) : []),
    ];
  }
  if ('bucket' in use) {
    const [id] = the('AWS::S3::Bucket', undefined, `Buckets${capital(use.bucket)}`);
    const objects = `<${id}.Arn>/${use.prefix}*`;
    const condition = ` if ${JSON.stringify({ StringLikeIfExists: { 's3:prefix': `${use.prefix}*` } })}`;
    return [
      ...(reads ? [`s3:GetObject ${objects}`, `s3:ListBucket <${id}.Arn>${condition}`] : []),
      ...(writes ? [`s3:PutObject ${objects}`] : []),
      ...(use.removes ? [`s3:DeleteObject ${objects}`] : []),
    ];
  }
  if ('bus' in use) return on('events', 'PutEvents', `<${the('AWS::Events::EventBus')[0]}.Arn>`);
  if ('tasks' in use) return on('ecs', 'StopTask', 'arn:aws:ecs:*:<AWS::AccountId>:task/*');
  if ('key' in use) {
    if (use.key === 'postQuantum') return [];
    const actions = use.access === 'sign' ? 'Sign GetPublicKey' : 'GetPublicKey';
    return on('kms', actions, `<${the('AWS::KMS::Key')[0]}.Arn>`);
  }
  // The configuration of this test names no topic and no sender.
  if ('targets' in use) return [];
  if ('secret' in use) {
    const [id] = the('AWS::SecretsManager::Secret', undefined, `Secrets${capital(use.secret)}`);
    return on('secretsmanager', 'GetSecretValue', `<${id}>`);
  }
  // Nothing trusts signatures by others here.
  if ('revocations' in use || 'signer' in use || 'scanners' in use || ('registry' in use && use.onlyWith !== undefined))
    return [];
  if ('registry' in use) {
    const pull = 'BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer';
    const more = {
      pull: '',
      list: ' DescribeRepositories ListImages',
      push: ' CompleteLayerUpload CreateRepository InitiateLayerUpload PutImage UploadLayerPart',
      delete: ' BatchDeleteImage ListImages',
      archive: ' UpdateImageStorageClass',
      findings: ' DescribeImageScanFindings',
    }[use.registry];
    const repositories = ['eu-central-1', 'us-east-1'].map(
      (region) => `arn:aws:ecr:${region}:<AWS::AccountId>:repository/*`,
    );
    const secret = 'arn:aws:secretsmanager:eu-central-1:<AWS::AccountId>:secret:registries/example-??????';
    return [
      ...on('ecr', ['archive', 'findings'].includes(use.registry) ? more.trim() : `${pull}${more}`, ...repositories),
      'ecr:GetAuthorizationToken *',
      ...on('secretsmanager', 'GetSecretValue', secret),
      `dynamodb:GetItem <${the('AWS::DynamoDB::Table', undefined, 'TablesCredentials')[0]}.Arn>`,
    ];
  }
  return [];
}

describe('state', () => {
  it('is a table per name in the one layout, with expiry, recovery to any point, and protection', () => {
    synthesis.template.resourceCountIs('AWS::DynamoDB::Table', tableNames.length);
    synthesis.template.allResources('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          Match.objectLike({
            IndexName: 'gsi1',
            KeySchema: [
              { AttributeName: 'gsi1pk', KeyType: 'HASH' },
              { AttributeName: 'gsi1sk', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          }),
        ],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    });
  });

  it('keeps documents in versions, and evidence under a lock that nobody lifts', () => {
    synthesis.template.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const [evidenceId, evidence] = the('AWS::S3::Bucket', undefined, 'BucketsEvidence');
    const [documentsId, documents] = the('AWS::S3::Bucket', undefined, 'BucketsDocuments');
    const [logsId] = the('AWS::S3::Bucket', undefined, 'BucketsAccessLogs');
    expect(evidence.Properties).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 400 } },
      },
    });
    for (const bucket of [evidence, documents]) {
      expect(bucket.Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
      expect(bucket.Properties.LoggingConfiguration.DestinationBucketName).toEqual({ Ref: logsId });
    }
    for (const id of [evidenceId, documentsId, logsId]) {
      const [, policy] = the('AWS::S3::BucketPolicy', (p) => flat(p.Bucket) === `<${id}>`);
      expect(policy.Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });

  it('signs with an ECDSA P-256 key under the well-known alias', () => {
    const [id, key] = the('AWS::KMS::Key');
    expect(key.Properties).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    expect(key.DeletionPolicy).toBe('Retain');
    const [, alias] = the('AWS::KMS::Alias', (p) => p.AliasName === 'alias/lading-signing');
    expect(alias.Properties.TargetKeyId).toEqual(arnOf(id));
  });
});

describe('the HTTP API', () => {
  it('has the declared routes, and lets only the signed one through to its function', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => [
      Properties.RouteKey,
      Properties.AuthorizationType,
    ]);
    const declared = functionDeclarations.flatMap(({ trigger }) =>
      trigger.kind === 'http'
        ? trigger.routes.map(({ method, path, auth }) => [`${method} ${path}`, auth === 'iam' ? 'AWS_IAM' : 'NONE'])
        : [],
    );
    expect(routes.sort()).toEqual(declared.sort());
  });

  it('is throttled and logged, without what may hold secrets', () => {
    const [, stage] = the('AWS::ApiGatewayV2::Stage');
    expect(stage.Properties.DefaultRouteSettings).toEqual({ ThrottlingBurstLimit: 100, ThrottlingRateLimit: 50 });
    const format = JSON.parse(stage.Properties.AccessLogSettings.Format);
    expect(Object.values(format)).not.toContainEqual(expect.stringMatching(/header|querystring|authorizer\.claims/i));
  });
});

describe('settings', () => {
  const setting = (name: string, variable: string) =>
    JSON.parse(unpackText(flat(functionOf(name)[1].Properties.Environment.Variables[variable])));

  it('list the registry of each region with its role, then the configured ones', () => {
    const { entries } = setting('replicate-image', 'REGISTRIES_CONFIG');
    expect(entries).toEqual([
      expect.objectContaining({
        kind: 'ecr',
        host: '<AWS::AccountId>.dkr.ecr.eu-central-1.amazonaws.com',
        account: '<AWS::AccountId>',
        region: 'eu-central-1',
        role: 'source',
      }),
      expect.objectContaining({
        host: '<AWS::AccountId>.dkr.ecr.us-east-1.amazonaws.com',
        region: 'us-east-1',
        role: 'replica',
        createRepositories: true,
      }),
      expect.objectContaining({ kind: 'distribution', host: 'registry.example', role: 'source' }),
    ]);
  });

  it('replicate every repository to each replica region unless told otherwise', () => {
    expect(setting('replicate-image', 'REPLICATION_CONFIG')).toEqual({
      rules: [
        {
          name: 'replica-regions',
          from: '<AWS::AccountId>.dkr.ecr.eu-central-1.amazonaws.com',
          repositories: ['**'],
          to: [{ registry: '<AWS::AccountId>.dkr.ecr.us-east-1.amazonaws.com', prefix: '' }],
        },
      ],
    });
  });
});

describe('a replica region', () => {
  it("sends its registry's events on to the default bus of the primary region, with dead letters and alarms", () => {
    const [replica] = synthesis.replicaTemplates;
    const patterns = functionDeclarations.flatMap(({ trigger }) =>
      trigger.kind === 'events' && trigger.bus === 'default' ? [trigger.pattern] : [],
    );
    const busArn = {
      'Fn::Join': ['', ['arn:aws:events:eu-central-1:', { Ref: 'AWS::AccountId' }, ':event-bus/default']],
    };
    replica?.resourceCountIs('AWS::Events::Rule', patterns.length);
    for (const EventPattern of patterns) {
      replica?.hasResourceProperties('AWS::Events::Rule', {
        EventPattern,
        EventBusName: Match.absent(),
        Targets: [Match.objectLike({ Arn: busArn, RoleArn: Match.anyValue(), DeadLetterConfig: Match.anyValue() })],
      });
    }
    replica?.hasResourceProperties('AWS::IAM::Role', {
      Policies: [
        {
          PolicyName: 'rights',
          PolicyDocument: Match.objectLike({
            Statement: [{ Action: 'events:PutEvents', Effect: 'Allow', Resource: busArn }],
          }),
        },
      ],
    });
    replica?.resourceCountIs('AWS::CloudWatch::Alarm', 2);
  });
});

describe('the templates', () => {
  it('say no region but by name, refer to no other stack, and hold no custom resource', () => {
    expect([...synthesis.deployed.keys()].length).toBeGreaterThan(3);
    for (const template of synthesis.deployed.values()) {
      const text = JSON.stringify(template);
      expect(text).not.toContain('Custom::');
      expect(text).not.toContain('Fn::ImportValue');
      expect(text).not.toContain('"Export"');
      expect(text).not.toContain('"AWS::Region"');
      // CloudFormation quotas: 1 MB, 500 resources and 200 parameters a template.
      expect(Object.keys(template.Parameters ?? {}).length).toBeLessThan(150);
      expect(text.length).toBeLessThan(900_000);
      expect(Object.keys(template.Resources).length).toBeLessThan(450);
    }
  });

  it('give out every name and address that people look for', () => {
    const outputs = Object.keys(synthesis.template.toJSON().Outputs);
    expect(outputs).toEqual(
      expect.arrayContaining([
        'ApiUrl',
        'WebhookUrl',
        'EventBusName',
        'SigningKeyArn',
        'SigningKeyAlias',
        'WebhooksSecretArn',
        'NotificationsSecretArn',
        'DocumentsBucketName',
        'EvidenceBucketName',
        ...tableNames.map((name) => `${capital(name)}TableName`),
      ]),
    );
  });
});

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
