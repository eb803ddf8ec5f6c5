import type { ECRClient } from '@aws-sdk/client-ecr';
import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { JsonCall, RestCall } from '../../../lib/aws/json-call.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { ecrScans } from '../../../lib/scanners/adapters/ecr-findings.ts';
import { ecsTaskRunner, type ScannerTasks } from '../../../lib/scanners/adapters/ecs-task-runner.ts';
import { inspectorApi } from '../../../lib/scanners/adapters/inspector-api.ts';
import { s3ReportInbox } from '../../../lib/scanners/adapters/s3-report-inbox.ts';
import * as samples from './samples.ts';
import { HOST, subject } from './support.ts';

const CLUSTER = 'arn:aws:ecs:eu-central-1:000000000000:cluster/lading-scanners';
const place: ScannerTasks = {
  ...{ cluster: CLUSTER, subnets: ['subnet-1'], securityGroups: ['sg-1'], assignPublicIp: false, bucket: 'documents' },
  definitions: { trivy: 'arn:definition:1' },
};
const task = {
  scanner: 'trivy',
  arguments: ['image', '--', 'x'],
  reportKey: 'scanner-reports/a.json',
  registry: HOST,
} as const;

describe('tasks of ECS', () => {
  function runner(answer: unknown) {
    const calls: JsonCall[] = [];
    const stopped: object[] = [];
    const call = async (given: JsonCall) => {
      calls.push(given);
      return answer;
    };
    return { tasks: ecsTaskRunner(place, call, async (given) => void stopped.push(given)), calls, stopped };
  }

  it('are started once for an id, with arguments for each container and the place to run in', async () => {
    const { tasks, calls } = runner({ tasks: [{ taskArn: 'arn:task/1' }], failures: [] });
    expect(await tasks.run(task, 'id')).toBe('arn:task/1');
    expect(calls).toMatchObject([
      {
        ...{ service: 'ecs', target: 'AmazonEC2ContainerServiceV20141113.RunTask' },
        input: {
          ...{ cluster: CLUSTER, taskDefinition: 'arn:definition:1', clientToken: 'id', startedBy: 'lading-scanners' },
          networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'], assignPublicIp: 'DISABLED' } },
          overrides: {
            containerOverrides: [
              {
                name: 'login',
                environment: [
                  { name: 'ECR_HOST', value: HOST },
                  { name: 'ECR_REGION', value: 'eu-central-1' },
                ],
              },
              { name: 'scanner', command: ['image', '--', 'x'] },
              {
                name: 'courier',
                command: [
                  's3',
                  'cp',
                  '--only-show-errors',
                  '/lading/report.json',
                  's3://documents/scanner-reports/a.json',
                ],
              },
            ],
          },
        },
      },
    ]);
    await tasks.run({ ...task, registry: 'quay.io' }, 'id');
    expect(calls[1]?.input).toMatchObject({
      overrides: { containerOverrides: [{ name: 'login', environment: [] }, {}, {}] },
    });
  });

  it.each([
    ['RESOURCE:CPU', true],
    ['Capacity is unavailable at this time', true],
    ['INACTIVE', false],
  ])('that are not started say why: %s', async (reason, retryable) => {
    const failed = runner({ tasks: [], failures: [{ reason, detail: 'd' }] }).tasks.run(task, 'id');
    await expect(failed).rejects.toMatchObject({
      code: 'task-not-started',
      retryable,
      message: expect.stringContaining(reason),
    });
  });

  it('without a definition are a mistake of the deployment', async () => {
    await expect(runner({}).tasks.run({ ...task, scanner: 'snyk' }, 'id')).rejects.toMatchObject({
      code: 'scanner-unknown',
    });
  });

  it('are told from their containers', async () => {
    const look = (...tasks: object[]) => runner({ tasks, failures: [] }).tasks.look('arn:task/1');
    expect(await look({ lastStatus: 'RUNNING' })).toEqual({ kind: 'running' });
    expect(await look({ lastStatus: 'DEPROVISIONING' })).toEqual({ kind: 'running' });
    const ended = {
      ...{ lastStatus: 'STOPPED', stoppedReason: 'Essential container in task exited' },
      containers: [
        { name: 'login', exitCode: 0 },
        { name: 'scanner', exitCode: 1, reason: 'OutOfMemoryError' },
        { name: 'courier', exitCode: 1, reason: 'no file' },
      ],
    };
    expect(await look(ended)).toEqual({
      ...{ kind: 'stopped', exitCode: 1 },
      reason: 'OutOfMemoryError; courier ended with 1: no file; Essential container in task exited',
    });
    expect(await look({ ...ended, containers: [{ name: 'scanner', reason: 'CannotPullContainerError' }] })).toEqual({
      kind: 'stopped',
      reason: 'CannotPullContainerError; Essential container in task exited',
    });
    expect(await look()).toMatchObject({ kind: 'stopped', reason: expect.stringContaining('not know') });
  });

  it('are stopped in their cluster', async () => {
    const { tasks, stopped } = runner({});
    await tasks.stop('arn:task/1', 'too long');
    expect(stopped).toEqual([{ cluster: CLUSTER, task: 'arn:task/1', reason: 'too long' }]);
  });
});

describe('reports that tasks left', () => {
  const client = (answer: Uint8Array | Error) => {
    const asked: { readonly Range?: string }[] = [];
    const send = async ({ input }: { readonly input: { readonly Range?: string } }) => {
      asked.push(input);
      if (answer instanceof Error) throw answer;
      return { Body: { transformToByteArray: async () => answer } };
    };
    return { s3: { send } as unknown as S3Client, asked };
  };

  it('are read no further than they may be long', async () => {
    const { s3, asked } = client(Buffer.alloc(11));
    await expect(s3ReportInbox(s3, 'b', 10).take('k')).rejects.toMatchObject({ code: 'report-too-large' });
    expect(asked).toMatchObject([{ Bucket: 'b', Key: 'k', Range: 'bytes=0-10' }]);
    expect(await s3ReportInbox(client(Buffer.from('{}')).s3, 'b', 10).take('k')).toEqual(Buffer.from('{}'));
  });

  it('may be empty, and that is no report', async () => {
    const error = Object.assign(new Error('no range'), { name: 'InvalidRange' });
    expect(await s3ReportInbox(client(error).s3, 'b').take('k')).toHaveLength(0);
    await expect(s3ReportInbox(client(new Error('down')).s3, 'b').take('k')).rejects.toThrow('down');
  });
});

describe("ECR's scans", () => {
  const named = (name: string) => Object.assign(new Error(`it says ${name}`), { name });
  const scans = (...answers: (object | Error)[]) => {
    const asked: object[] = [];
    const send = async ({ input }: { readonly input: object }) => {
      asked.push(input);
      const answer = answers[asked.length - 1];
      if (answer instanceof Error) throw answer;
      return answer;
    };
    return { scans: ecrScans(() => ({ send }) as unknown as ECRClient), asked };
  };
  const image = { ...subject };

  it('are begun, or were within a day', async () => {
    const begun = scans({});
    expect(await begun.scans.start(image)).toBe('begun');
    expect(begun.asked).toEqual([
      { registryId: '000000000000', repositoryName: 'team/app', imageId: { imageDigest: image.digest } },
    ]);
    expect(await scans(named('LimitExceededException')).scans.start(image)).toBe('begun-before');
  });

  it('are refused for good, or for now', async () => {
    for (const name of ['UnsupportedImageTypeException', 'ImageNotFoundException', 'AccessDeniedException']) {
      await expect(scans(named(name)).scans.start(image)).rejects.toMatchObject({
        code: 'ecr-refused',
        retryable: false,
      });
    }
    await expect(scans(named('ValidationException')).scans.start(image)).rejects.toMatchObject({
      hint: expect.stringContaining('"inspector"'),
    });
    await expect(scans(named('ServerException')).scans.start(image)).rejects.toMatchObject({ name: 'ServerException' });
  });

  it('are found while they go on, when they have ended, and where there is none', async () => {
    expect(await scans(named('ScanNotFoundException')).scans.find(image)).toBeUndefined();
    const status = { imageScanStatus: { status: 'FAILED', description: 'why' } };
    expect(await scans(status).scans.find(image)).toEqual({ status: 'FAILED', description: 'why' });
    const done = { ...samples.ecrBasic, imageScanStatus: { status: 'COMPLETE' } };
    const found = await scans({ ...done, nextToken: 'more' }, done).scans.find(image);
    expect([found?.report?.scanner.name, found?.report?.findings.length]).toEqual([
      'ecr-basic',
      2 * samples.ecrBasic.imageScanFindings.findings.length,
    ]);
  });
});

describe("Inspector's API", () => {
  const arn = `arn:aws:ecr:eu-central-1:000000000000:repository/team/app/${subject.digest}`;
  function api(...answers: unknown[]) {
    const calls: RestCall[] = [];
    const call = async (given: RestCall) => {
      calls.push(given);
      return answers[calls.length - 1];
    };
    return { api: inspectorApi(call), calls };
  }
  // Inspector API reference, "CoveredResource".
  const covered = {
    resourceId: arn,
    resourceType: 'AWS_ECR_CONTAINER_IMAGE',
    scanStatus: { statusCode: 'ACTIVE', reason: 'SUCCESSFUL' },
    lastScannedAt: 1764000000,
  };
  const [event] = samples.inspector as readonly { readonly detail: object }[];

  it('tells what it covers, by the digest', async () => {
    const { api: one, calls } = api({ coveredResources: [covered] });
    expect(await one.coverage(subject)).toEqual({
      status: 'ACTIVE',
      reason: 'SUCCESSFUL',
      lastScannedAt: '2025-11-24T16:00:00.000Z',
    });
    expect(calls).toMatchObject([
      {
        service: 'inspector2',
        region: 'eu-central-1',
        path: '/coverage/list',
        input: { filterCriteria: { resourceId: [{ comparison: 'EQUALS', value: arn }] } },
      },
    ]);
    expect(
      await api({ coveredResources: [{ ...covered, resourceId: `${arn}0` }] }).api.coverage(subject),
    ).toBeUndefined();
    await expect(api({}).api.coverage(subject)).rejects.toMatchObject({ code: 'scanner-protocol' });
    await expect(api().api.coverage({ ...subject, registry: 'quay.io' })).rejects.toMatchObject({
      code: 'image-elsewhere',
    });
  });

  it('gives its findings page after page, and a vote without any where it covers the image', async () => {
    const coverage = { status: 'ACTIVE', reason: 'SUCCESSFUL', lastScannedAt: '2026-11-24T00:00:00.000Z' };
    const { api: one, calls } = api({ findings: [event?.detail], nextToken: 'n' }, { findings: [event?.detail] });
    const report = await one.findings(subject, coverage);
    expect([report.scanner.name, report.findings.length > 0]).toEqual(['inspector', true]);
    expect(calls.map(({ input }) => (input as { nextToken?: string }).nextToken)).toEqual([undefined, 'n']);
    expect(calls[0]?.input).toMatchObject({
      filterCriteria: { ecrImageHash: [{ comparison: 'EQUALS', value: subject.digest }] },
    });
    expect(await api({ findings: [] }).api.findings(subject, coverage)).toMatchObject({
      ...{ image: { digest: subject.digest }, scannedAt: coverage.lastScannedAt, findings: [] },
    });
    const endless = inspectorApi(async () => ({ findings: [], nextToken: 'n' }));
    await expect(endless.findings(subject, coverage)).rejects.toBeInstanceOf(LadingError);
  });
});
