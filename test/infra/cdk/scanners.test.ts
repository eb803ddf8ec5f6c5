import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../../infra/config.ts';
import { build, type Resource, removeFolders, type Synthesis, synthesize } from './synthesis.ts';

const pinned = (name: string): string => `${name}@sha256:${'a'.repeat(64)}`;
const tasks = {
  subnets: ['subnet-0123456789abcdef0'],
  securityGroups: ['sg-0123456789abcdef0'],
  courier: pinned('public.ecr.aws/aws-cli/aws-cli'),
};
const trivy = { kind: 'trivy', image: pinned('docker.io/aquasec/trivy'), environment: { TRIVY_OFFLINE_SCAN: 'true' } };
const snyk = {
  kind: 'snyk',
  image: pinned('docker.io/snyk/snyk'),
  secrets: { SNYK_TOKEN: { secret: 'lading/snyk', key: 'token' } },
};
const scanners = {
  tasks,
  use: [
    trivy,
    { kind: 'grype', image: pinned('docker.io/anchore/grype'), cpu: 512, memoryMb: 2048 },
    snyk,
    { kind: 'clair', indexer: 'https://clair.example', key: { secret: 'lading/clair' } },
    { kind: 'harbor', registry: 'harbor.example', credentials: { parameter: '/lading/harbor' } },
    { kind: 'ecr-basic' },
    { kind: 'inspector' },
  ],
};
const base = { account: '111122223333', primaryRegion: 'eu-central-1' };

let synthesis: Synthesis;
beforeAll(async () => {
  synthesis = await synthesize({ ...base, scanners });
});
afterAll(removeFolders);

const ofType = (type: string): readonly Resource[] =>
  Object.values(synthesis.resources).filter(({ Type }) => Type === type);
const functionNamed = (name: string): Resource | undefined =>
  ofType('AWS::Lambda::Function').find(({ Properties }) => Properties.FunctionName === `lading-${name}`);
const rightsOf = (name: string): readonly { Action: string | string[]; Resource: unknown; Condition?: unknown }[] => {
  const role = functionNamed(name)?.Properties.Role['Fn::GetAtt'][0];
  return synthesis.resources[role]?.Properties.Policies[0].PolicyDocument.Statement;
};
const actionsOf = (name: string): readonly string[] => rightsOf(name).flatMap(({ Action }) => Action);

describe('scanners that the configuration names', () => {
  it('are tasks of Fargate, of three containers each', () => {
    expect(ofType('AWS::ECS::TaskDefinition').map(({ Properties }) => Properties)).toMatchSnapshot();
    expect(ofType('AWS::ECS::Cluster').map(({ Properties }) => Properties)).toMatchSnapshot();
  });

  it('run with two roles: to read images and leave reports, and for ECS to log and fill in secrets', () => {
    const roles = ofType('AWS::IAM::Role').filter(({ Properties }) =>
      JSON.stringify(Properties.AssumeRolePolicyDocument).includes('ecs-tasks.amazonaws.com'),
    );
    expect(roles.map(({ Properties }) => Properties.Policies)).toMatchSnapshot();
  });

  it('are started by one function, which may start these and no other tasks, and pass these and no other roles', () => {
    expect(rightsOf('run-scanners')).toMatchSnapshot();
    const environment = functionNamed('run-scanners')?.Properties.Environment.Variables;
    expect(environment.SCANNER_TASKS).toBeDefined();
  });

  it('are looked at by the clock and by the console', () => {
    for (const name of ['keep-appointments', 'api']) {
      const index = rightsOf(name).filter(({ Resource }) => JSON.stringify(Resource).includes('/index/gsi1'));
      expect(JSON.stringify(index)).toMatch(/Work/);
    }
  });

  it('pass the rule packs', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { app } = await build({ ...base, scanners }, { checked: true });
    app.synth();
    const report = JSON.parse(readFileSync(join(app.outdir, 'validation-report.json'), 'utf8'));
    expect(report.pluginReports.flatMap(({ violations }: { violations: unknown[] }) => violations)).toEqual([]);
    vi.restoreAllMocks();
  });

  it('are all that is made for them: without tasks there is no cluster, without scanners no function', async () => {
    const served = await synthesize({ ...base, scanners: { use: [{ kind: 'inspector' }] } });
    const types = Object.values(served.resources).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('AWS::ECS'))).toEqual([]);
    const none = await synthesize(base);
    const text = JSON.stringify(none.resources);
    expect(text).not.toContain('lading-run-scanners');
    expect(text).not.toContain('AWS::ECS::');
    expect(actionsOf('run-scanners')).toContain('ecs:RunTask');
    expect(text).not.toContain('ecs:RunTask');
  });
});

describe('the setting', () => {
  const refused = (setting: unknown): string => {
    try {
      readConfig({ lading: { ...base, scanners: setting } });
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };

  it('wants images by digest, and to know where tasks run', () => {
    expect(refused({ tasks, use: [{ ...trivy, image: 'aquasec/trivy:latest' }] })).toMatch(
      /use\.0\.image: not an image by its digest/,
    );
    expect(refused({ use: [trivy] })).toMatch(/scanners\.tasks: "trivy" is a task/);
  });

  it('knows one scanner of a name, and no plain http by accident', () => {
    const server = { kind: 'trivy-server', url: 'http://trivy.example' };
    expect(refused({ tasks, use: [trivy, { ...server, allowInsecure: true }] })).toMatch(/"trivy" votes already/);
    expect(refused({ use: [server] })).toMatch(/plain http, without allowInsecure/);
    expect(refused({ use: [{ ...server, allowInsecure: true, allowPrivate: true }] })).toBe('accepted');
  });

  it('takes no secret that would stand in the template', () => {
    expect(refused({ use: [{ kind: 'clair', indexer: 'https://clair.example', key: 'c2VjcmV0' }] })).toMatch(
      /use\.0\.key/,
    );
  });
});
