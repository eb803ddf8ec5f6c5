import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { actionRunner, type Post } from '../../../lib/remediation/adapters/run-actions.ts';
import { actionSchema, remediationConfigSchema } from '../../../lib/remediation/config.ts';
import { carryOut, type ImageKnowledge, planFor, type RemediationPlan } from '../../../lib/remediation/index.ts';
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
  const runner = actionRunner({ post, token, registry: async () => registry, allowHosts: [...allowHosts] });
  const run = (action: unknown, of = subject) => runner.run(actionSchema.parse(action), plan, of);
  return { sent, run, runner, registry };
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
