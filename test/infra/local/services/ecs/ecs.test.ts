import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEcsService } from '../../../../../infra/local/services/ecs/index.ts';
import { callJson } from '../../../../../lib/aws/json-call.ts';
import { systemClock } from '../../../../../lib/core/clock.ts';
import { credentialsOf, startServiceServer } from '../../../../support/service-server.ts';

const REGION = 'eu-central-1';
const CLUSTER = `arn:aws:ecs:${REGION}:000000000000:cluster/scanners`;
const DEFINITION = `arn:aws:ecs:${REGION}:000000000000:task-definition/lading-scan-trivy:1`;
const HOST = '000000000000.dkr.ecr.eu-central-1.amazonaws.com';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lading-ecs-'));
  const programs = {
    trivy: `require('node:fs').writeFileSync(process.argv[process.argv.indexOf('--output') + 1], JSON.stringify({ args: process.argv.slice(2), env: process.env }))`,
    endless: `process.stderr.write('begun'); setInterval(() => {}, 1000)`,
  };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!${process.execPath}\n${text}\n`);
    await chmod(join(folder, name), 0o755);
  }
  await writeFile(join(folder, 'not-executable'), '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Told = { readonly detailType: string; readonly detail: { readonly lastStatus: string; readonly group: string } };

/** ECS over HTTP, with a definition whose scanner is the program, and what it left where. */
async function ecs(program: string) {
  const uploads: { readonly role: string; readonly key: string; readonly text: string }[] = [];
  const ended = Promise.withResolvers<Told>();
  const service = openEcsService({
    ...{
      accountId: '000000000000',
      clock: systemClock,
      machine: { PATH: folder, HOME: '/home', SECRET: 's', AWS_SECRET_ACCESS_KEY: 'k', TRIVY_CACHE_DIR: '/c' },
    },
    putEvent: (_region, event) => ended.resolve(event as unknown as Told),
    localise: (text) => text.replace(`${HOST}/`, 'localhost:5100/'),
    codeOf: () => ({ folder, environment: {}, localise: (text) => text }),
    upload: async (role, _region, bucket, key, content) => {
      uploads.push({ role, key: `${bucket}/${key}`, text: Buffer.from(content).toString() });
    },
  });
  const mounted = { workFolder: '/lading', secretNames: [] as string[] };
  service.defineTask({
    ...{
      arn: DEFINITION,
      family: 'lading-scan-trivy',
      taskRoleArn: 'arn:role/task',
      roleArns: ['arn:role/execution', 'arn:role/task'],
    },
    containers: [
      { ...mounted, name: 'login', entryPoint: ['sh', '-c', 'exit 1'], environment: [] },
      {
        ...mounted,
        name: 'scanner',
        entryPoint: [program],
        environment: [{ name: 'DOCKER_CONFIG', value: '/lading' }],
        secretNames: ['SECRET'],
      },
      { ...mounted, name: 'courier', entryPoint: ['aws'], environment: [] },
    ],
  });
  const server = await startServiceServer({ services: [service] });
  const ask = (operation: string, input: Record<string, unknown>) =>
    callJson({
      ...{ service: 'ecs', target: `AmazonEC2ContainerServiceV20141113.${operation}`, input },
      ...{ region: REGION, endpoint: server.endpoint, credentials: async () => credentialsOf('role') },
    }) as Promise<{
      tasks: { taskArn: string; lastStatus: string; containers: object[]; stoppedReason?: string }[];
      failures: object[];
    }>;
  const run = (command: readonly string[], clientToken = 'token') =>
    ask('RunTask', {
      ...{
        cluster: CLUSTER,
        taskDefinition: DEFINITION,
        launchType: 'FARGATE',
        count: 1,
        clientToken,
        startedBy: 'lading-scanners',
      },
      networkConfiguration: {},
      overrides: {
        containerOverrides: [
          { name: 'scanner', command },
          {
            name: 'courier',
            command: ['s3', 'cp', '--only-show-errors', '/lading/report.json', 's3://documents/reports/a.json'],
          },
        ],
      },
    });
  const look = async (arn: string) => (await ask('DescribeTasks', { cluster: CLUSTER, tasks: [arn] })).tasks[0];
  const close = async () => {
    await service.close?.();
    await server.stop();
  };
  return { run, look, ask, ended: ended.promise, uploads, asked: server.asked, close };
}

describe('tasks of the local ECS', () => {
  it('are the program of this machine, with its folder and the registry as they are here', async () => {
    const { run, look, ended, uploads, asked, close } = await ecs('/usr/local/bin/trivy');
    const image = `${HOST}/lading/app@sha256:abc`;
    const { tasks } = await run(['image', '--output', '/lading/report.json', `--cache=/lading/cache`, '--', image]);
    const arn = tasks[0]?.taskArn ?? '';
    const told = await ended;
    expect(told).toMatchObject({
      detailType: 'ECS Task State Change',
      detail: { lastStatus: 'STOPPED', group: 'family:lading-scan-trivy' },
    });
    expect(await look(arn)).toMatchObject({
      lastStatus: 'STOPPED',
      containers: [
        { name: 'login', exitCode: 0 },
        { name: 'scanner', exitCode: 0 },
        { name: 'courier', exitCode: 0 },
      ],
    });
    const [upload] = uploads;
    expect([upload?.role, upload?.key]).toEqual(['arn:role/task', 'documents/reports/a.json']);
    const { args, env } = JSON.parse(upload?.text ?? '{}');
    // A repository that is called as the folder is keeps its name.
    expect(args.at(-1)).toBe('localhost:5100/lading/app@sha256:abc');
    expect(args[3]).toMatch(/^--cache=\/.+lading-task-[^/]+\/cache$/);
    expect(env.DOCKER_CONFIG).toMatch(/lading-task-/);
    expect(Object.keys(env).sort()).toEqual(['DOCKER_CONFIG', 'HOME', 'PATH', 'SECRET', 'TMPDIR', 'TRIVY_CACHE_DIR']);
    expect(asked).toEqual(
      expect.arrayContaining([
        `ecs:RunTask ${DEFINITION}`,
        'iam:PassRole arn:role/execution',
        'iam:PassRole arn:role/task',
        `ecs:DescribeTasks ${arn}`,
      ]),
    );
    await close();
  });

  it('are one for a client token', async () => {
    const { run, close } = await ecs('trivy');
    const [first, again, other] = [await run([]), await run([]), await run([], 'other')];
    expect(again.tasks[0]?.taskArn).toBe(first.tasks[0]?.taskArn);
    expect(other.tasks[0]?.taskArn).not.toBe(first.tasks[0]?.taskArn);
    await close();
  });

  it.each([
    ['absent', /absent is not on PATH of this machine/],
    ['not-executable', /not-executable is not on PATH/],
  ])('whose program is not there say so: %s', async (program, reason) => {
    const { run, look, ended, close } = await ecs(program);
    const { tasks } = await run([]);
    await ended;
    const task = await look(tasks[0]?.taskArn ?? '');
    expect(JSON.stringify(task?.containers)).toMatch(reason);
    // Nothing was left, so nothing could be brought.
    expect(task?.containers).toMatchObject([{}, {}, { name: 'courier', exitCode: 1 }]);
    await close();
  });

  it('are killed when they are stopped, and say why they ended', async () => {
    const { run, look, ask, ended, close } = await ecs('endless');
    const { tasks } = await run([]);
    const task = tasks[0]?.taskArn ?? '';
    expect((await look(task))?.lastStatus).toBe('RUNNING');
    await ask('StopTask', { cluster: CLUSTER, task, reason: 'too long' });
    await ended;
    expect(await look(task)).toMatchObject({
      lastStatus: 'STOPPED',
      stoppedReason: 'too long',
      containers: [{}, { exitCode: 137 }, {}],
    });
    await close();
  });

  it('that nobody knows are missing, and definitions, too', async () => {
    const { ask, close } = await ecs('trivy');
    expect(await ask('DescribeTasks', { cluster: CLUSTER, tasks: ['arn:x'] })).toEqual({
      tasks: [],
      failures: [{ arn: 'arn:x', reason: 'MISSING' }],
    });
    await expect(ask('StopTask', { cluster: CLUSTER, task: 'arn:x' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
    await expect(
      ask('RunTask', { cluster: CLUSTER, taskDefinition: 'other', networkConfiguration: {} }),
    ).rejects.toMatchObject({ code: 'ClientException' });
    await expect(ask('RunTask', { cluster: CLUSTER, taskDefinition: DEFINITION, count: 2 })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
    await close();
  });
});
