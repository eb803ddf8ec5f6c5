import { createHash } from 'node:crypto';
import { Match } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { isLadingError } from '../../../lib/core/errors.ts';
import { unpackText } from '../../../lib/core/packed-text.ts';
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

  it('lets functions ask AWS Signer only where a trust policy names its profiles', async () => {
    const asking = async (trustedIdentity?: string) => {
      const { authority } = makeChain();
      const statement = {
        name: 'all',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['signingAuthority:aws'],
        trustedIdentities: [trustedIdentity],
      };
      const signatures = {
        trustPolicy: { version: '1.0', trustPolicies: [statement] },
        trustStores: { 'signingAuthority:aws': [authority.pem] },
      };
      const { template } = await synthesize(trustedIdentity === undefined ? {} : { admission: { signatures } });
      return JSON.stringify(template.toJSON()).includes('signer:GetRevocationStatus');
    };
    expect(await asking()).toBe(false);
    expect(await asking('x509.subject: C=DE, ST=Berlin, O=Example')).toBe(false);
    expect(await asking('arn:aws:signer:eu-central-1:123456789012:/signing-profiles/release')).toBe(true);
  });

  it('lets the function that signs, and no other, sign with a profile of AWS Signer that is named', async () => {
    const profile = 'arn:aws:signer:eu-central-1:123456789012:/signing-profiles/release';
    const { resources } = await synthesize({ trust: { profile } });
    const signing = Object.values(resources).filter((one) => JSON.stringify(one).includes('signer:SignPayload'));
    expect(signing).toHaveLength(1);
    expect(JSON.stringify(signing)).toContain(profile);
    const named = Object.values(resources).filter(
      ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && JSON.stringify(Properties).includes(profile),
    );
    expect(named.map(({ Properties }) => Properties.FunctionName)).toEqual(['lading-sign-image']);
    expect(JSON.stringify((await synthesize({})).template.toJSON())).not.toContain('signer:SignPayload');
    for (const wrong of [`${profile}/OF8IVUsPJq`, 'release']) {
      await expect(synthesize({ trust: { profile: wrong } })).rejects.toThrow(/signing profile/);
    }
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
      Object.entries(Properties.Environment?.Variables ?? {}).map(([name, value]) => [
        name,
        typeof value === 'string' ? unpackText(value) : value,
      ]),
    );
    const told = variables.filter(([, value]) => JSON.stringify(value).includes('BEGIN CERTIFICATE'));
    expect(told).toEqual([['SIGNING_CONFIG', JSON.stringify(trust)]]);
  });

  const retentionOf = (count: number, policies = ['many']) => {
    const rules = (policy: string) =>
      Array.from({ length: count }, (_, i) => ({
        name: `rule-${i}`,
        // What cannot be packed well: a tag that says nothing.
        select: { tags: [`${createHash('sha256').update(`${policy} ${i}`).digest('hex')}-*`] },
        when: [{ newest: { count: i } }],
        action: 'keep',
      }));
    return { policies: policies.map((name) => ({ name, rules: rules(name) })) };
  };

  it('takes a retention policy of many rules', async () => {
    const rules = Array.from({ length: 50 }, (_, i) => ({
      name: `keep what release ${i} has`,
      select: { tags: [`release-${i}.*`, `v${i}.*`] },
      when: [{ newest: { count: i + 1 } }],
      action: 'keep',
    }));
    const { template } = await synthesize({ retention: { policies: [{ name: 'many', rules }] } });
    const [plan] = Object.values(template.findResources('AWS::Lambda::Function')).filter(
      ({ Properties }) => Properties.FunctionName === 'lading-plan-retention',
    );
    const text = String(plan?.Properties.Environment.Variables.RETENTION_CONFIG);
    expect(JSON.parse(unpackText(text)).policies[0].rules).toHaveLength(50);
    expect(text.length).toBeLessThan(unpackText(text).length / 5);
  });

  it('fails the synthesis when a function could not be deployed with it', async () => {
    const error = await build({ retention: retentionOf(50, ['some', 'more', 'most']) }).catch(
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
