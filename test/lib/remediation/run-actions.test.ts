import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { actionRunner, type Post } from '../../../lib/remediation/adapters/run-actions.ts';
import { actionSchema, remediationConfigSchema } from '../../../lib/remediation/config.ts';
import {
  carryOut,
  eachOnce,
  type ImageKnowledge,
  planFor,
  type RemediationPlan,
  workOf,
} from '../../../lib/remediation/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { runStage } from '../../../lib/work/index.ts';
import { pushImage } from '../signing/support.ts';
import { found, image } from './support.ts';

const plan: RemediationPlan = {
  image: `registry.example/apps/shop@${digestOf('image')}`,
  changes: [{ kind: 'rebuild' }],
  cleared: ['CVE-1 left'],
  introduced: [],
  left: 0,
  worth: 100,
  cost: 1,
  cause: digestOf('cause'),
};
const subject = {
  registry: 'registry.example',
  repository: 'apps/shop',
  digest: digestOf('image'),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  tags: [],
};

function setUp(
  status = 204,
  allowHosts: readonly string[] = ['api.github.com', 'gitlab.com', '*.ci.example', 'hook.example'],
) {
  const sent: { url: string; headers: Readonly<Record<string, string>>; body: string; allowPrivate: boolean }[] = [];
  const post: Post = async ({ url, headers, body, allowPrivate }) => {
    sent.push({ url: url.href, headers, body: Buffer.from(body).toString('utf8'), allowPrivate });
    return { status };
  };
  const registry = createMemoryRegistry();
  const token = async (name: string) => (name === 'ci' ? 't0ken' : undefined);
  const calls: object[] = [];
  const aws = async (call: object) => void calls.push(call);
  const runner = actionRunner({ post, aws, token, registry: async () => registry, allowHosts: [...allowHosts] });
  const run = (action: unknown, of = subject) => runner.run(actionSchema.parse(action), plan, of);
  return { sent, calls, run, runner, registry };
}

describe('asking for a build', () => {
  it('dispatches to a repository on GitHub, with no more than ten members', async () => {
    const { sent, run } = setUp();
    await run({ kind: 'github', repository: 'team/shop', token: 'ci' });
    expect(sent[0]).toMatchObject({
      url: 'https://api.github.com/repos/team/shop/dispatches',
      headers: { authorization: 'Bearer t0ken' },
      allowPrivate: false,
    });
    const body = JSON.parse(sent[0]?.body ?? '') as { event_type: string; client_payload: object };
    expect(body).toMatchObject({
      event_type: 'lading-remediation',
      client_payload: { cause: plan.cause, image: plan.image },
    });
    expect(Object.keys(body.client_payload).length).toBeLessThanOrEqual(10);
  });

  it('triggers a pipeline on GitLab and a job on Jenkins', async () => {
    const { sent, run } = setUp(201);
    await run({ kind: 'gitlab', project: 'team/shop', token: 'ci' });
    await run({ kind: 'jenkins', url: 'https://jenkins.ci.example/', job: 'team/shop', user: 'bot', token: 'ci' });
    expect(sent.map(({ url }) => url)).toEqual([
      'https://gitlab.com/api/v4/projects/team%2Fshop/trigger/pipeline',
      'https://jenkins.ci.example/job/team/job/shop/buildWithParameters',
    ]);
    const form = new URLSearchParams(sent[0]?.body);
    expect(form.get('token')).toBe('t0ken');
    expect(form.get('variables[LADING_CAUSE]')).toBe(plan.cause);
    expect(sent[1]?.headers.authorization).toBe(`Basic ${Buffer.from('bot:t0ken').toString('base64')}`);
    expect(new URLSearchParams(sent[1]?.body).get('LADING_IMAGE')).toBe(plan.image);
  });

  it('starts a build of CodeBuild with a source version and variables, the same for the same cause', async () => {
    const { calls, sent, run } = setUp();
    const action = {
      ...{ kind: 'codebuild', project: 'shop-image', region: 'eu-central-1', sourceVersion: 'release' },
      environment: { CHANNEL: 'stable' },
    };
    await run(action);
    await run(action);
    expect(sent).toEqual([]);
    expect(calls[0]).toMatchObject({
      service: 'codebuild',
      target: 'CodeBuild_20161006.StartBuild',
      region: 'eu-central-1',
      input: {
        projectName: 'shop-image',
        sourceVersion: 'release',
        idempotencyToken: expect.stringMatching(/^\w{64}$/),
      },
    });
    expect(calls[1]).toEqual(calls[0]);
    const { input } = calls[0] as { input: { environmentVariablesOverride: { name: string; value: string }[] } };
    const variables = new Map(input.environmentVariablesOverride.map(({ name, value }) => [name, value]));
    expect(Object.fromEntries(variables)).toMatchObject({
      ...{ CHANNEL: 'stable', LADING_CAUSE: plan.cause, LADING_IMAGE: plan.image },
      LADING_REPOSITORY: 'registry.example/apps/shop',
    });
    const length = [...variables].reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    expect(length).toBeLessThan(5500);
    expect(actionSchema.safeParse({ ...action, project: '../x' }).success).toBe(false);
    expect(actionSchema.safeParse({ ...action, environment: { LADING_IMAGE: 'x' } }).success).toBe(false);
    expect(actionSchema.safeParse({ ...action, environment: { 'A=B': 'x' } }).success).toBe(false);
  });

  it.each([
    [true, 'action-failed'],
    [false, 'action-refused'],
  ])('tells of a build that does not start (passing: %s)', async (retryable, code) => {
    const { registry } = setUp();
    const aws = async () => {
      throw new LadingError('ThrottlingException', 'too fast', { retryable });
    };
    const runner = actionRunner({
      ...{ post: async () => ({ status: 200 }), aws, token: async () => undefined, allowHosts: [] },
      registry: async () => registry,
    });
    const action = actionSchema.parse({ kind: 'codebuild', project: 'shop', region: 'eu-central-1' });
    await expect(runner.run(action, plan, subject)).rejects.toMatchObject({ code, retryable });
  });

  it('signs what it posts to a webhook', async () => {
    const { sent, run } = setUp();
    await run({ kind: 'webhook', url: 'https://hook.example/x', token: 'ci' });
    const [request] = sent;
    const expected = createHmac('sha256', 't0ken')
      .update(request?.body ?? '')
      .digest('hex');
    expect(request?.headers['x-lading-signature']).toBe(`sha256=${expected}`);
    expect(JSON.parse(request?.body ?? '')).toMatchObject({ plan: { cause: plan.cause } });
  });

  it('calls no host that is not listed, and nothing without its token', async () => {
    const { sent, run } = setUp();
    const refused = expect.objectContaining({ code: 'action-refused', retryable: false });
    for (const url of [
      'https://elsewhere.example',
      'https://api.github.com.evil.example',
      'https://evil-ci.example',
      'https://169.254.169.254',
    ]) {
      await expect(run({ kind: 'webhook', url, token: 'ci' }), url).rejects.toEqual(refused);
    }
    await expect(run({ kind: 'github', repository: 'team/shop', token: 'none' })).rejects.toEqual(refused);
    expect(sent).toEqual([]);
    expect(() => actionSchema.parse({ kind: 'webhook', url: 'http://hook.example', token: 'ci' })).toThrow();
    expect(() => actionSchema.parse({ kind: 'github', repository: '../../user', token: 'ci' })).toThrow();
  });

  it.each([
    [503, 'action-failed', true],
    [429, 'action-failed', true],
    [404, 'action-refused', false],
    [302, 'action-refused', false],
  ])('takes %i for %s', async (status, code, retryable) => {
    const { run } = setUp(status);
    await expect(run({ kind: 'github', repository: 'team/shop', token: 'ci' })).rejects.toMatchObject({
      code,
      retryable,
    });
  });

  it('tags an image as quarantined, and leaves one alone that is gone', async () => {
    const { run, registry } = setUp();
    const at = await pushImage(registry, 'apps/shop');
    await run({ kind: 'quarantine-tag' }, { ...subject, ...at });
    const reference = `quarantine-${at.digest.slice(7, 19)}`;
    expect((await registry.headManifest({ repository: 'apps/shop', reference }))?.digest).toBe(at.digest);
    await run({ kind: 'quarantine-tag' });
  });
});

describe('what is done about an image', () => {
  const key = { registry: 'registry.example', repository: 'app', digest: digestOf('image') };
  const one = image('app', ['l'], { digest: key.digest, findings: [found('CVE-1', 'high', 'l')] });
  const knowledge: ImageKnowledge = { around: async () => [one] };
  const config = (more: object) =>
    remediationConfigSchema.parse({
      rules: [{ name: 'r', repositories: ['**/app'], actions: [{ kind: 'quarantine-tag' }] }],
      ...more,
    });

  it('is nothing where it is not worth its while', async () => {
    expect(await planFor(knowledge, key, config({}))).toMatchObject({ worth: 30 });
    expect(await planFor(knowledge, key, config({ minimumWorth: 31 }))).toBeUndefined();
  });

  it('is only told in a dry run, which is the default', async () => {
    const asked: string[] = [];
    const runner = { run: async ({ kind }: { readonly kind: string }) => void asked.push(kind) };
    const at = { ...subject, repository: 'app' };
    const [told] = await carryOut(runner, at, plan, config({}));
    expect(asked).toEqual([]);
    expect(told).toMatchObject({
      detailType: 'Remediation Planned',
      data: { dryRun: true, actions: ['quarantine-tag'], cleared: 1 },
    });
    await carryOut(runner, at, plan, config({ dryRun: false }));
    expect(asked).toEqual(['quarantine-tag']);
    await carryOut(runner, { ...at, repository: 'other' }, plan, config({ dryRun: false }));
    expect(asked).toHaveLength(1);
  });
});

describe('for one cause', () => {
  const config = remediationConfigSchema.parse({
    dryRun: false,
    allowHosts: ['api.github.com', 'hook.example'],
    rules: [
      {
        name: 'all',
        repositories: ['**'],
        actions: [
          { kind: 'codebuild', project: 'shop', region: 'eu-central-1' },
          { kind: 'webhook', url: 'https://hook.example/x', token: 'ci' },
          { kind: 'github', repository: 'team/shop', token: 'ci' },
        ],
      },
    ],
  });
  const delivery = { owner: 'worker', leaseMs: 60_000, cause: { id: 'e', correlationId: 'c' } as never };

  it('each action is asked for once, though another one fails and all is tried again', async () => {
    const clock = manualClock();
    const stage = { ledger: memoryLedger(clock), publisher: { publish: async () => {} }, clock };
    const { registry } = setUp();
    const asked: string[] = [];
    let hookWorks = false;
    const runner = actionRunner({
      post: async ({ url }) => {
        asked.push(url.host);
        return { status: url.host === 'hook.example' && !hookWorks ? 503 : 204 };
      },
      aws: async ({ target }) => void asked.push(target),
      token: async () => 't0ken',
      registry: async () => registry,
      allowHosts: config.allowHosts,
    });
    const carry = (settings = config) =>
      runStage(stage, {
        ...delivery,
        key: workOf(subject, plan, settings),
        perform: () =>
          carryOut(
            eachOnce(stage, delivery, () => runner),
            subject,
            plan,
            settings,
          ),
      });
    await carry({ ...config, dryRun: true });
    expect(asked).toEqual([]);
    await expect(carry()).rejects.toMatchObject({ code: 'action-failed' });
    expect(asked).toEqual(['CodeBuild_20161006.StartBuild', 'hook.example', 'api.github.com']);
    hookWorks = true;
    asked.splice(0);
    expect(await carry()).toBe('done');
    expect(asked).toEqual(['hook.example']);
    expect(await carry()).toBe('duplicate');
    expect(asked).toEqual(['hook.example']);
  });
});
