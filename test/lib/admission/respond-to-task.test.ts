import { describe, expect, it } from 'vitest';
import { admissionConfigSchema, readTaskChange, respondToTask } from '../../../lib/admission/index.ts';
import { stopTask } from '../../../lib/aws/ecs-tasks.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { untrustedImageStarted } from '../../../lib/events/index.ts';

const GOOD = digestOf('good');
const BAD = digestOf('bad');
const cluster = 'arn:aws:ecs:us-west-2:111122223333:cluster/FargateCluster';

/** As ECS tells of a task (developer guide, "Task state change events"), with the digests of its images. */
const change = (digest: string | undefined, given: object = {}) => ({
  availabilityZone: 'us-west-2c',
  clusterArn: cluster,
  connectivity: 'CONNECTED',
  containers: [
    {
      containerArn: 'arn:aws:ecs:us-west-2:111122223333:container/1',
      lastStatus: 'RUNNING',
      name: 'app',
      image: 'registry.example/team/app:1',
      ...(digest === undefined ? {} : { imageDigest: digest }),
      runtimeId: '6b9b',
      taskArn: 'arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/c13b',
    },
  ],
  desiredStatus: 'RUNNING',
  group: 'family:sample',
  lastStatus: 'RUNNING',
  launchType: 'FARGATE',
  taskArn: 'arn:aws:ecs:us-west-2:111122223333:task/FargateCluster/c13b',
  version: 4,
  ...given,
});

function setting() {
  const stopped: unknown[] = [];
  return {
    stopped,
    ports: {
      trust: {
        judge: async ({ digest }: { readonly digest: string }) =>
          digest === GOOD
            ? ({ kind: 'trusted', keyIds: [], validUntil: '' } as const)
            : ({ kind: 'distrusted', reason: 'verdict-expired', detail: 'its verdict held until then' } as const),
      },
      stopper: { stop: async (task: unknown) => void stopped.push(task) },
    },
  };
}

const respond = async (detail: unknown, given: unknown = {}) => {
  const { ports, stopped } = setting();
  const task = readTaskChange(detail);
  const events = task && (await respondToTask(ports, task, admissionConfigSchema.parse(given)));
  return { events: events?.map(({ data }) => untrustedImageStarted.data.parse(data)), stopped };
};

describe('a task that ECS started', () => {
  it('is told of when its image is not trusted, and left running unless it is to be stopped', async () => {
    const { events, stopped } = await respond(change(BAD));
    expect(events).toEqual([
      {
        subject: { registry: 'registry.example', repository: 'team/app', digest: BAD, tags: ['1'] },
        workload: { kind: 'ecs-task', name: change(BAD).taskArn },
        reason: 'verdict-expired',
        detail: 'its verdict held until then',
        stopped: false,
      },
    ]);
    expect(stopped).toEqual([]);
  });

  it('is stopped where the configuration says so, with the reason', async () => {
    const { events, stopped } = await respond(change(BAD), { stopTasks: true });
    expect(events?.[0]?.stopped).toBe(true);
    expect(stopped).toEqual([
      { cluster, task: change(BAD).taskArn, reason: expect.stringContaining('does not trust team/app@sha256:') },
    ]);
    const { stopped: warned } = await respond(change(BAD), { stopTasks: true, mode: 'warn' });
    expect(warned).toEqual([]);
  });

  it('is left alone when it is trusted, exempt, not pulled yet, or ending', async () => {
    expect((await respond(change(GOOD))).events).toEqual([]);
    expect((await respond(change(BAD), { exempt: ['registry.example/**'] })).events).toEqual([]);
    expect((await respond(change(undefined))).events).toEqual([]);
    expect(readTaskChange(change(BAD, { desiredStatus: 'STOPPED' }))).toBeUndefined();
    expect(readTaskChange(change(BAD, { lastStatus: 'DEPROVISIONING' }))).toBeUndefined();
    expect(readTaskChange({ anything: 'else' })).toBeUndefined();
  });
});

describe('stopping a task', () => {
  const task = { cluster, task: change(BAD).taskArn, reason: 'not trusted' };
  const answering = (status: number, body: string) => {
    const calls: { readonly url: string; readonly headers: Headers; readonly body: unknown }[] = [];
    const send: typeof fetch = async (url, init) => {
      calls.push({ url: String(url), headers: new Headers(init?.headers), body: JSON.parse(String(init?.body)) });
      return new Response(body, { status });
    };
    return { calls, send };
  };
  const withKey = async (work: () => Promise<void>): Promise<void> => {
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });
    await work().finally(() => {
      process.env = before;
    });
  };

  it('asks ECS of the region of the cluster, signed', async () => {
    await withKey(async () => {
      const { calls, send } = answering(200, '{}');
      await stopTask(task, send);
      expect(calls[0]).toMatchObject({ url: 'https://ecs.us-west-2.amazonaws.com/', body: task });
      expect(calls[0]?.headers.get('x-amz-target')).toBe('AmazonEC2ContainerServiceV20141113.StopTask');
      expect(calls[0]?.headers.get('authorization')).toContain('us-west-2/ecs/aws4_request');
    });
  });

  it('takes a task that is gone for stopped, and any other refusal for a failure', async () => {
    await withKey(async () => {
      const gone = '{"__type":"InvalidParameterException","message":"The referenced task was not found."}';
      await stopTask(task, answering(400, gone).send);
      const denied = '{"__type":"AccessDeniedException"}';
      await expect(stopTask(task, answering(400, denied).send)).rejects.toMatchObject({ code: 'task-not-stopped' });
    });
  });
});
