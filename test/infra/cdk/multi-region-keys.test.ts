import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../../infra/config.ts';
import { build, type Resource, removeFolders, synthesize } from './synthesis.ts';

afterAll(removeFolders);

const idOf = (digit: string): string => `mrk-${digit.repeat(32)}`;
const regions = { account: '111122223333', primaryRegion: 'eu-central-1', replicaRegions: ['us-east-1', 'eu-west-1'] };
const keysOf = (template: Template | undefined, type: string): Resource[] =>
  Object.values((template?.toJSON().Resources ?? {}) as Record<string, Resource>).filter(({ Type }) => Type === type);
const outputsOf = (template: Template): Record<string, { Value: unknown }> => template.toJSON().Outputs;
const warningsOf = ({ replicas }: { replicas: Awaited<ReturnType<typeof build>>['replicas'] }): string[] =>
  replicas
    .flatMap((stack) => Annotations.fromStack(stack).findWarning('*', Match.anyValue() as never))
    .map(({ entry }) => String(entry.data));

describe('keys of one region, which is the default', () => {
  it('are replicated nowhere, and nobody is told of ids', async () => {
    const { template, replicaTemplates } = await synthesize({ ...regions, keys: { postQuantum: { enabled: true } } });
    for (const key of keysOf(template, 'AWS::KMS::Key')) expect(key.Properties.MultiRegion).toBeUndefined();
    for (const replica of replicaTemplates) {
      replica.resourceCountIs('AWS::KMS::ReplicaKey', 0);
      replica.resourceCountIs('AWS::KMS::Alias', 0);
    }
    expect(Object.keys(outputsOf(template)).filter((name) => name.includes('MultiRegion'))).toEqual([]);
  });
});

describe('multi-region keys', () => {
  it('have a replica in each region, alike in everything that a replica does not share', async () => {
    const { template, replicaTemplates } = await synthesize({
      ...regions,
      keys: {
        multiRegion: true,
        signing: { multiRegionIds: { 1: idOf('a') } },
        postQuantum: { enabled: true, multiRegionIds: { 1: idOf('b') } },
      },
    });
    const primaries = keysOf(template, 'AWS::KMS::Key');
    expect(primaries).toHaveLength(2);
    for (const replica of replicaTemplates) {
      const replicas = keysOf(replica, 'AWS::KMS::ReplicaKey');
      expect(replicas.map(({ Properties }) => Properties.PrimaryKeyArn)).toEqual([
        `arn:aws:kms:eu-central-1:111122223333:key/${idOf('a')}`,
        `arn:aws:kms:eu-central-1:111122223333:key/${idOf('b')}`,
      ]);
      replicas.forEach(({ Properties, DeletionPolicy }, i) => {
        const primary = primaries[i];
        expect(primary?.Properties.MultiRegion).toBe(true);
        expect(DeletionPolicy).toBe('Retain');
        expect(DeletionPolicy).toBe(primary?.DeletionPolicy);
        for (const name of ['Description', 'KeyPolicy', 'PendingWindowInDays', 'Tags'])
          expect(Properties[name]).toEqual(primary?.Properties[name]);
        expect(Properties.KeyPolicy.Statement).toHaveLength(1);
      });
      const names = (from: Template) => keysOf(from, 'AWS::KMS::Alias').map(({ Properties }) => Properties.AliasName);
      expect(names(replica)).toEqual(['alias/lading-signing', 'alias/lading-post-quantum']);
      expect(names(replica)).toEqual(names(template));
    }
  });

  it('are told by the primary stack in the form that the configuration takes, and missed aloud until then', async () => {
    const built = await synthesize({ ...regions, keys: { multiRegion: true, signing: { generation: 2 } } });
    const [current, earlier] = built.primary.signingKey.keys.map((key) =>
      built.primary.getLogicalId(key.node.defaultChild as never),
    );
    const value = outputsOf(built.template).SigningKeyMultiRegionIds?.Value;
    expect(value).toEqual({ 'Fn::Join': ['', ['{"2":"', { Ref: current }, '","1":"', { Ref: earlier }, '"}']] });
    for (const replica of built.replicaTemplates) replica.resourceCountIs('AWS::KMS::ReplicaKey', 0);
    const warnings = warningsOf(built);
    expect(warnings).toHaveLength(4);
    expect(warnings[0]).toContain('us-east-1 gets no replica of generation 2 of the key "signing"');
    expect(warnings[0]).toContain('keys.signing.multiRegionIds');
  });

  it('keep the alias of a region on the newest replica while a rotation is under way', async () => {
    const { replicaTemplates } = await synthesize({
      ...regions,
      removalPolicy: 'destroy',
      keys: { multiRegion: true, signing: { generation: 3, kept: 1, multiRegionIds: { 1: idOf('1'), 2: idOf('2') } } },
    });
    for (const replica of replicaTemplates) {
      const found = Object.entries(replica.findResources('AWS::KMS::ReplicaKey'));
      expect(found.map(([, { Properties }]) => Properties.PrimaryKeyArn.split('/')[1])).toEqual([idOf('2')]);
      expect(found[0]?.[1].DeletionPolicy).toBe('Delete');
      replica.hasResourceProperties('AWS::KMS::Alias', { TargetKeyId: { 'Fn::GetAtt': [found[0]?.[0], 'Arn'] } });
    }
  });

  it('may begin with a later generation, and leave the earlier keys as KMS keeps them', async () => {
    const built = await synthesize({
      ...regions,
      keys: { multiRegion: true, signing: { generation: 2, multiRegionFrom: 2, multiRegionIds: { 2: idOf('2') } } },
    });
    expect(keysOf(built.template, 'AWS::KMS::Key').map(({ Properties }) => Properties.MultiRegion)).toEqual([
      true,
      undefined,
    ]);
    for (const replica of built.replicaTemplates) replica.resourceCountIs('AWS::KMS::ReplicaKey', 1);
    expect(warningsOf(built)).toEqual([]);
  });

  it('satisfy the rule packs', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const keys = { multiRegion: true, signing: { multiRegionIds: { 1: idOf('a') } } };
    const { app } = await build({ ...regions, keys }, { checked: true });
    expect(() => app.synth()).not.toThrow();
    vi.restoreAllMocks();
  });
});

describe('ids of multi-region keys', () => {
  const problemOf = (keys: unknown): string => {
    try {
      readConfig({ lading: { keys } });
    } catch (error) {
      return String(error);
    }
    throw new Error('the configuration was taken');
  };

  it.each([
    [{ signing: { multiRegionIds: { 1: idOf('a') } } }, 'keys.signing.multiRegionIds: only with keys.multiRegion'],
    [
      { multiRegion: true, signing: { multiRegionIds: { 2: idOf('a') } } },
      'multiRegionIds.2: the current generation is 1',
    ],
    [
      { multiRegion: true, signing: { generation: 2, multiRegionFrom: 2, multiRegionIds: { 1: idOf('a') } } },
      'multiRegionIds.1: the first multi-region generation is 2',
    ],
    [
      { multiRegion: true, postQuantum: { generation: 2, multiRegionIds: { 1: idOf('a'), 2: idOf('a') } } },
      'keys.postQuantum.multiRegionIds.2: "mrk-aaaaaaaa',
    ],
    [{ multiRegion: true, signing: { multiRegionIds: { 1: '1234abcd-12ab' } } }, 'not the id of a multi-region key'],
    [{ multiRegion: true, signing: { multiRegionIds: { first: idOf('a') } } }, 'multiRegionIds.first'],
  ])('are refused: %j', (keys, message) => {
    expect(problemOf(keys)).toContain(message);
  });
});
