import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../../infra/config.ts';
import { build, emptyBundles, type Resource, removeFolders, type Synthesis, synthesize } from './synthesis.ts';

const pinned = (name: string): string => `${name}@sha256:${'a'.repeat(64)}`;
const largeWork = {
  subnets: ['subnet-0123456789abcdef0'],
  securityGroups: ['sg-0123456789abcdef0'],
  image: pinned('111122223333.dkr.ecr.eu-central-1.amazonaws.com/lading-tasks'),
};
const base = { account: '111122223333', primaryRegion: 'eu-central-1', replicaRegions: ['us-east-1'] };

let synthesis: Synthesis;
beforeAll(async () => {
  synthesis = await synthesize({ ...base, largeWork });
});
afterAll(removeFolders);

const ofType = (type: string): readonly Resource[] =>
  Object.values(synthesis.resources).filter(({ Type }) => Type === type);
const functionNamed = (name: string) =>
  ofType('AWS::Lambda::Function').find(({ Properties }) => Properties.FunctionName === `lading-${name}`);
const statementsOf = (roleId: string): readonly { Action: string | string[]; Resource: unknown }[] =>
  synthesis.resources[roleId]?.Properties.Policies[0].PolicyDocument.Statement;
const roleOf = (name: string): string => functionNamed(name)?.Properties.Role['Fn::GetAtt'][0];
const workers = ['create-large-sbom', 'replicate-large-image'];
const definitionOf = (name: string) =>
  ofType('AWS::ECS::TaskDefinition').find(({ Properties }) => Properties.Family === `lading-${name}`);
const actionsOf = (roleId: string): readonly string[] =>
  [...new Set(statementsOf(roleId).flatMap(({ Action }) => Action))].sort();

describe('tasks for large work', () => {
  it('are two definitions of one cluster, which run the bundles of the functions', () => {
    expect(ofType('AWS::ECS::Cluster')).toHaveLength(1);
    expect(ofType('AWS::ECS::TaskDefinition').map(({ Properties }) => Properties)).toMatchSnapshot();
  });

  it.each(workers)('have the rights and variables of the function, but for those to start tasks: %s', (name) => {
    const { Properties } = definitionOf(name) as Resource;
    const own = /^(?:logs|xray|sqs):/;
    const ofFunction = actionsOf(roleOf(name)).filter((action) => !own.test(action));
    const starting = ['ecs:RunTask', 'iam:PassRole'];
    expect(ofFunction).toEqual(expect.arrayContaining(starting));
    expect(actionsOf(Properties.TaskRoleArn['Fn::GetAtt'][0])).toEqual(
      ofFunction.filter((action) => !starting.includes(action)),
    );
    const { LARGE_WORK, ...variables } = (functionNamed(name) as Resource).Properties.Environment.Variables;
    expect(LARGE_WORK).toBeDefined();
    const given = Properties.ContainerDefinitions[0].Environment.map((one: { Name: string }) => one.Name);
    expect(given.sort()).toEqual(
      [...Object.keys(variables), 'AWS_REGION', 'LADING_TASK_SECONDS', 'POWERTOOLS_LOG_LEVEL'].sort(),
    );
  });

  it('are started by these two functions alone, each its own definition with its own roles', () => {
    const starters = ofType('AWS::IAM::Role').filter((role) => JSON.stringify(role).includes('ecs:RunTask'));
    expect(starters).toHaveLength(2);
    for (const name of workers) {
      const rights = statementsOf(roleOf(name)).filter(({ Action }) =>
        ['ecs:RunTask', 'iam:PassRole'].includes(String(Action)),
      );
      expect(rights).toMatchSnapshot();
    }
  });

  it('are waited for longer than functions are', () => {
    const queue = (name: string) =>
      ofType('AWS::SQS::Queue').find(({ Properties }) => Properties.QueueName === `lading-${name}`)?.Properties;
    for (const name of workers) expect(queue(name).RedrivePolicy.maxReceiveCount).toBe(58);
    expect(queue('replicate-image').RedrivePolicy.maxReceiveCount).toBe(10);
  });

  it('pass the rule packs, also over a base that their image is built on', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { image: _image, ...rest } = largeWork;
    const bundles = emptyBundles();
    mkdirSync(join(bundles, 'create-large-sbom'), { recursive: true });
    writeFileSync(join(bundles, 'create-large-sbom', 'chunk.mjs'), 'export {};\n');
    const setting = { ...base, largeWork: { ...rest, base: pinned('public.ecr.aws/docker/library/node') } };
    const { app } = await build(setting, { checked: true, bundles });
    const { directory, stacks } = app.synth();
    const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8'));
    expect(report.pluginReports.flatMap(({ violations }: { violations: unknown[] }) => violations)).toEqual([]);
    const manifest = JSON.parse(readFileSync(join(directory, `${stacks[0]?.stackName}.assets.json`), 'utf8'));
    const [image] = Object.values(manifest.dockerImages) as { source: Record<string, unknown> }[];
    expect(image?.source).toMatchObject({ dockerBuildArgs: { BASE: setting.largeWork.base }, platform: 'linux/arm64' });
    const context = join(directory, String(image?.source['directory']));
    expect(readFileSync(join(context, 'create-large-sbom', 'index.mjs'), 'utf8')).toContain('handler');
    expect(() => readFileSync(join(context, 'api', 'index.mjs'))).toThrow(/ENOENT/);
    vi.restoreAllMocks();
  });

  it('are not there without the setting', async () => {
    const text = JSON.stringify((await synthesize(base)).resources);
    for (const absent of ['AWS::ECS::', 'ecs:RunTask', 'LARGE_WORK']) expect(text).not.toContain(absent);
  });

  it('want to know what their image is, by digest', () => {
    const refused = (setting: object): string => {
      try {
        readConfig({ lading: { ...base, largeWork: setting } });
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    const { image, ...rest } = largeWork;
    expect(refused(rest)).toMatch(/largeWork\.base: either/);
    expect(refused({ ...largeWork, base: image })).toMatch(/largeWork\.base: either/);
    expect(refused({ ...rest, base: 'node:24' })).toMatch(/largeWork\.base: not an image by its digest/);
    expect(refused(largeWork)).toBe('accepted');
  });
});
