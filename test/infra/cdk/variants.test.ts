import { Match } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { isLadingError } from '../../../lib/core/errors.ts';
import { makeChain } from '../../support/certificates.ts';
import { build, newFolder, removeFolders, synthesize } from './synthesis.ts';

afterAll(removeFolders);

/** An account that has nothing to lose: the stack of a developer, in one region, with a registry of its own. */
const development = {
  stage: 'dev',
  account: '111122223333',
  primaryRegion: 'us-west-2',
  removalPolicy: 'destroy',
  deletionProtection: false,
  reserveConcurrency: false,
  eventArchiveDays: 0,
  alarmTopicArn: 'arn:aws:sns:us-west-2:111122223333:alarms',
  schedules: { planRetention: 'off', reconcile: 'rate(5 minutes)' },
  registries: [
    {
      kind: 'ecr',
      host: '111122223333.dkr.ecr.us-west-2.amazonaws.com',
      region: 'us-west-2',
      account: '111122223333',
      createRepositories: true,
      allowPrivate: true,
    },
  ],
};

describe('the configuration', () => {
  it('reaches the template', async () => {
    const { template, replicas, primary, resources } = await synthesize(development);
    expect(primary.stackName).toBe('lading-dev');
    expect(replicas).toEqual([]);
    template.allResources('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: Match.objectLike({ DeletionProtectionEnabled: false }),
    });
    template.allResourcesProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: Match.absent() });
    template.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [development.alarmTopicArn] });
    template.resourceCountIs('AWS::Events::Archive', 0);
    template.hasResourceProperties('AWS::Events::EventBus', { Name: 'lading-dev' });
    template.hasResourceProperties('AWS::KMS::Alias', { AliasName: 'alias/lading-dev-signing' });
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED' });
    template.hasResourceProperties('AWS::Events::Rule', {
      Description: Match.stringLikeRegexp('plan-retention'),
      State: 'DISABLED',
    });
    const sync = Object.values(resources).find(({ Properties }) => Properties.FunctionName === 'lading-dev-sign-image');
    const { entries } = JSON.parse(sync?.Properties.Environment.Variables.REGISTRIES_CONFIG);
    expect(entries).toEqual([expect.objectContaining({ ...development.registries[0], role: 'source' })]);
  });

  it('may leave ECR out altogether, and with it every right to it', async () => {
    const { template } = await synthesize({ ecr: false });
    const text = JSON.stringify(template.toJSON());
    expect(text).not.toContain('ecr:GetAuthorizationToken');
    expect(text).not.toContain('.dkr.ecr.');
  });

  it('gives the certificates of signatures to the one function that signs, and to no other', async () => {
    const { signer, authority } = makeChain();
    const trust = { signatures: ['cosign-bundle', 'notation-cose'], certificates: signer.pem + authority.pem };
    const { template } = await synthesize({ trust });
    const variables = Object.values(template.findResources('AWS::Lambda::Function')).flatMap(({ Properties }) =>
      Object.entries(Properties.Environment?.Variables ?? {}),
    );
    const told = variables.filter(([, value]) => JSON.stringify(value).includes('BEGIN CERTIFICATE'));
    expect(told).toEqual([['SIGNING_CONFIG', JSON.stringify(trust)]]);
  });

  it('fails the synthesis when a function could not be deployed with it', async () => {
    const rules = Array.from({ length: 40 }, (_, i) => ({
      name: `rule-${i}`,
      select: { tags: [`release-${i}-*`] },
      when: [{ newest: { count: i } }],
      action: 'keep',
    }));
    const error = await build({ retention: { policies: [{ name: 'many', rules }] } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(isLadingError(error, 'environment-too-large')).toBe(true);
    expect(String(error)).toMatch(
      /the environment of \S+ is about \d+ bytes and Lambda takes 4096: RETENTION_CONFIG \d+/,
    );
  });

  it('is refused before anything is built', async () => {
    const error = await build({ primaryRegion: 'Frankfurt' }).catch((thrown: unknown) => thrown);
    expect(isLadingError(error, 'configuration-invalid')).toBe(true);
  });
});

describe('a bundle that is not there', () => {
  it('is named, with what makes it', async () => {
    const error = await build({}, { bundles: newFolder('lading-none-') }).catch((thrown: unknown) => thrown);
    expect(isLadingError(error, 'bundle-missing')).toBe(true);
    expect(String(error)).toMatch(/there is no bundle of the function [a-z-]+ at /);
  });
});
