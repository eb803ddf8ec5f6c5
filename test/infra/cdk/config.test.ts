import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { namePrefix, readConfig } from '../../../infra/config.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { makeChain } from '../../support/certificates.ts';

const problemOf = (lading: unknown, stage?: unknown): string => {
  try {
    readConfig({ lading, stage });
  } catch (error) {
    expect(error).toBeInstanceOf(LadingError);
    expect((error as LadingError).code).toBe('configuration-invalid');
    return (error as LadingError).message;
  }
  throw new Error('the configuration was taken');
};

describe('readConfig', () => {
  it('needs nothing: everything has a default, and the defaults are the careful ones', () => {
    expect(readConfig({})).toMatchObject({
      stage: 'main',
      removalPolicy: 'retain',
      deletionProtection: true,
      maxReceiveCount: 10,
      retention: { dryRun: true, policies: [] },
      schedules: { reconcile: 'rate(1 hour)' },
    });
  });

  it('takes what cdk.json holds', () => {
    const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../cdk.json'), 'utf8'));
    expect(readConfig(context).replicaRegions.length).toBeGreaterThan(0);
  });

  it('names each thing that is wrong by its path', () => {
    const message = problemOf({
      primaryRegion: 'Frankfurt',
      schedules: { reconcile: 'every hour', nightly: 'rate(1 day)' },
      logRetentionDays: 31,
      retention: { policies: [{ name: 'old', rules: [{ name: 'x', when: [{}], action: 'expire' }] }] },
      notifications: { webhooks: [{ name: 'chat', url: 'http://chat.example/' }] },
      replicas: [],
    });
    expect(message).toContain('lading.primaryRegion: not a region');
    expect(message).toContain('lading.schedules.reconcile: not a schedule: write "rate(6 hours)"');
    expect(message).toContain('lading.schedules: Unrecognized key: "nightly"');
    expect(message).toContain('lading.logRetentionDays: not one of 1, 3, 5, 7');
    expect(message).toContain('lading.retention.policies.0.rules.0.when.0: a condition needs newest');
    expect(message).toContain('lading.notifications.webhooks.0.url: not an https address');
    expect(message).toContain('lading: Unrecognized key: "replicas"');
  });

  it('refuses a region that is named twice', () => {
    expect(problemOf({ primaryRegion: 'eu-west-1', replicaRegions: ['us-east-1', 'eu-west-1'] })).toContain(
      'lading.replicaRegions.1: "eu-west-1" is named twice',
    );
  });

  it('refuses what AWS or a function would refuse later: a topic of another region, a registry that is not listed', () => {
    expect(problemOf({ alarmTopicArn: 'arn:aws:sns:us-east-1:111122223333:alarms' })).toContain(
      'lading.alarmTopicArn: the topic is not in eu-central-1',
    );
    const rule = (from: string, registry: string) => ({ rules: [{ name: 'mirror', from, to: [{ registry }] }] });
    const ours = '111122223333.dkr.ecr.eu-central-1.amazonaws.com';
    expect(problemOf({ replication: rule(ours, 'mirror.example') })).toContain(
      'lading.replication.rules.0.to.0.registry: "mirror.example" is neither among the registries',
    );
    expect(problemOf({ ecr: false, replication: rule(ours, ours) })).toContain('lading.replication.rules.0.from');
    const registries = [{ kind: 'distribution', host: 'mirror.example', role: 'replica' }];
    expect(readConfig({ lading: { registries, replication: rule(ours, 'mirror.example') } }).replication).toBeDefined();
  });

  it('refuses a source of notifications whose registry nobody may speak to', () => {
    const intake = { sources: [{ name: 'harbor', kind: 'harbor', registry: 'harbor.example' }] };
    expect(problemOf({ intake })).toContain(
      'lading.intake.sources.0.registry: "harbor.example" of the source "harbor" is not among the registries',
    );
    const registries = [{ kind: 'distribution', host: 'harbor.example' }];
    expect(readConfig({ lading: { registries, intake } }).intake.sources).toHaveLength(1);
  });

  it('refuses credentials themselves, and does not repeat them', () => {
    const credentials = { kind: 'basic', username: 'robot', password: 'hunter2' };
    const message = problemOf({ registries: [{ kind: 'distribution', host: 'registry.example', credentials }] });
    expect(message).toContain('lading.registries.0.credentials: would stand readable in the template');
    expect(message).not.toContain('hunter2');
  });

  describe('the formats of signatures', () => {
    const { signer, authority } = makeChain();
    const certificates = signer.pem + authority.pem;
    const notation = ['cosign-bundle', 'notation-jws'];

    it('are cosign’s bundle, unless others are named after it', () => {
      expect(readConfig({}).trust.signatures).toEqual(['cosign-bundle']);
      const all = ['cosign-bundle', 'cosign-tag', 'notation-jws', 'notation-cose'];
      const { trust } = readConfig({ lading: { trust: { signatures: all, certificates } } });
      expect(trust).toMatchObject({ signatures: all, certificates });
      expect(problemOf({ trust: { signatures: ['cosign-tag'] } })).toContain('trust.signatures: cosign-bundle comes');
      expect(problemOf({ trust: { signatures: ['cosign-bundle', 'cosign-bundle'] } })).toContain('named twice');
    });

    it.each([
      ['none', undefined, 'notation-jws needs the certificates of the signing key'],
      ['a text that is none', 'certificate', 'there is no certificate in it'],
      ['one whose root is missing', signer.pem, 'ends the chain and is no root'],
      ['one that begins with the root', authority.pem + signer.pem, 'is a root amid the chain'],
      ['that of an authority', authority.pem, 'may not sign anything but certificates'],
    ])('by Notary Project need a chain: %s is refused', (_, given, message) => {
      const problem = problemOf({ trust: { signatures: notation, ...(given ? { certificates: given } : {}) } });
      expect(problem).toContain('lading.trust.certificates: ');
      expect(problem).toContain(message);
    });

    it('by Notary Project need a certificate that is for a key of the kind that signs', () => {
      const signing = { spec: 'ECC_NIST_P384' };
      expect(problemOf({ trust: { signatures: notation, certificates }, keys: { signing } })).toContain(
        'the first certificate is for ecdsa-p256-sha256, and the key signs with ecdsa-p384-sha384',
      );
    });
  });

  it('says that an account is a text, since JSON would take leading zeros away', () => {
    expect(problemOf({ account: 123456789012 })).toContain('lading.account');
    expect(problemOf({ account: '1234' })).toContain('not the twelve digits of an account, in quotes');
  });

  it.each([
    ['rate(1 hour)', true],
    ['rate(5 minutes)', true],
    ['rate(10 days)', true],
    ['rate(1 hours)', false],
    ['rate(0 hours)', false],
    ['rate(2 hour)', false],
    ['cron(0 3 * * ? *)', true],
    ['cron(0/15 8-18 ? * MON-FRI *)', true],
    ['cron(0 3 * * * *)', false],
    ['cron(0 3 ? * ? *)', false],
    ['cron(0 3 * * ?)', false],
    ['cron(0 3 * * ? $(x))', false],
    ['off', true],
    ['', false],
  ])('schedule %j: taken %s', (reconcile, taken) => {
    if (taken) expect(readConfig({ lading: { schedules: { reconcile } } }).schedules.reconcile).toBe(reconcile);
    else expect(problemOf({ schedules: { reconcile } })).toContain('lading.schedules.reconcile');
  });

  it('takes the text that `cdk -c lading=…` gives, and the stage that `cdk -c stage=…` gives', () => {
    const config = readConfig({ lading: '{"primaryRegion":"us-west-2"}', stage: 'prod' });
    expect(config).toMatchObject({ primaryRegion: 'us-west-2', stage: 'prod' });
    expect(namePrefix(config)).toBe('lading-prod');
    expect(namePrefix(readConfig({}))).toBe('lading');
    expect(problemOf('{primaryRegion')).toContain('not JSON');
    expect(problemOf('[]')).toContain('lading: Invalid input: expected object');
    expect(problemOf({}, 'Prod!')).toContain('lading.stage');
  });
});
