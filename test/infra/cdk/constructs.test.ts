import { Template } from 'aws-cdk-lib/assertions';
import { ApplicationLogLevel } from 'aws-cdk-lib/aws-lambda';
import { App, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { afterAll, describe, expect, it } from 'vitest';
import { Buckets } from '../../../infra/constructs/buckets.ts';
import { requireFittingEnvironment } from '../../../infra/constructs/environment-size.ts';
import { FedQueue } from '../../../infra/constructs/fed-queue.ts';
import { LadingFunction } from '../../../infra/constructs/lading-function.ts';
import { Secrets } from '../../../infra/constructs/secrets.ts';
import { SigningKey } from '../../../infra/constructs/signing-key.ts';
import { WebApi } from '../../../infra/constructs/web-api.ts';
import { build, contextOfCdkJson, emptyBundles, removeFolders } from './synthesis.ts';

afterAll(removeFolders);

const newStack = (): Stack =>
  new Stack(new App({ context: contextOfCdkJson() }), 'test', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });

/** Properties of the resources of some types, without the ids that every change of a construct's path moves. */
function resourcesOf(stack: Stack, ...types: string[]): unknown {
  const { Resources } = Template.fromStack(stack).toJSON() as {
    Resources: Record<string, { Type: string; Properties: unknown }>;
  };
  return Object.values(Resources)
    .filter(({ Type }) => types.includes(Type))
    .map(({ Type, Properties }) => ({ Type, Properties }));
}

const defaults = {
  prefix: 'lading',
  logRetention: 30,
  logLevel: ApplicationLogLevel.INFO,
  reserveConcurrency: true,
  maxReceiveCount: 10,
} as const;

describe('one small snapshot per construct', () => {
  it('FedQueue by a schedule', () => {
    const stack = newStack();
    new FedQueue(stack, 'Feed', {
      queueName: 'lading-reconcile',
      description: 'Every hour',
      feed: { kind: 'schedule', expression: 'rate(1 hour)', enabled: true },
      consumerTimeout: Duration.minutes(5),
      maxReceiveCount: 10,
    });
    expect(resourcesOf(stack, 'AWS::SQS::Queue', 'AWS::Events::Rule')).toMatchSnapshot();
  });

  it('Buckets', () => {
    const stack = newStack();
    new Buckets(stack, 'Buckets', {
      removalPolicy: RemovalPolicy.RETAIN,
      evidenceRetentionDays: 365,
      evidenceLockMode: 'GOVERNANCE',
      backup: { lock: { mode: 'COMPLIANCE', days: 7 } },
      logRetentionDays: 30,
    });
    expect(resourcesOf(stack, 'AWS::S3::Bucket')).toMatchSnapshot();
  });

  it('SigningKey', () => {
    const stack = newStack();
    new SigningKey(stack, 'Signing', {
      aliasName: 'alias/lading-signing',
      description: 'Signs the images that the gate allowed',
      spec: 'ECC_NIST_P256',
      generation: 1,
      kept: 2,
      multiRegion: false,
      multiRegionFrom: 1,
      multiRegionIds: {},
      removalPolicy: RemovalPolicy.RETAIN,
    });
    expect(resourcesOf(stack, 'AWS::KMS::Key', 'AWS::KMS::Alias')).toMatchSnapshot();
  });

  it('Secrets', () => {
    const stack = newStack();
    new Secrets(stack, 'Secrets', { removalPolicy: RemovalPolicy.RETAIN });
    expect(resourcesOf(stack, 'AWS::SecretsManager::Secret')).toMatchSnapshot();
  });

  it('WebApi', () => {
    const stack = newStack();
    new WebApi(stack, 'Web', { defaults: { ...defaults, bundles: '' }, rateLimit: 5, burstLimit: 10 });
    expect(resourcesOf(stack, 'AWS::ApiGatewayV2::Api', 'AWS::ApiGatewayV2::Stage')).toMatchSnapshot();
  });

  it('LadingFunction', async () => {
    const { primary } = await build({ account: '111122223333' }, { functions: [] });
    new LadingFunction(primary, 'Notify', {
      declaration: {
        name: 'notify',
        description: 'Tells people',
        trigger: { kind: 'http', routes: [] },
        memoryMb: 256,
        timeoutSeconds: 10,
        uses: [{ table: 'deliveries', access: 'write' }, { setting: 'notifications' }],
      },
      shared: primary.shared,
      defaults: { ...defaults, bundles: emptyBundles() },
    });
    const found = resourcesOf(primary, 'AWS::IAM::Role', 'AWS::Lambda::Function');
    // The key of the code is the hash of the bundle.
    expect(JSON.parse(JSON.stringify(found).replaceAll(/"[0-9a-f]{64}\.zip"/g, '"<hash>.zip"'))).toMatchSnapshot();
  });
});

describe('requireFittingEnvironment', () => {
  it('counts names and values, and references at the longest that they can become', () => {
    const stack = newStack();
    const fits = (value: string): boolean => {
      try {
        requireFittingEnvironment(stack, 'f', { A: value });
        return true;
      } catch {
        return false;
      }
    };
    expect(fits('x'.repeat(4095))).toBe(true);
    expect(fits('x'.repeat(4096))).toBe(false);
    expect(fits('é'.repeat(2048))).toBe(false);
    // A partition may be "aws-us-gov": 10 bytes.
    expect(fits(`${'x'.repeat(4085)}${Aws.PARTITION}`)).toBe(true);
    expect(fits(`${'x'.repeat(4086)}${Aws.PARTITION}`)).toBe(false);
    expect(fits(`${'x'.repeat(4096 - 100)}${stack.stackId}`)).toBe(false);
  });
});
