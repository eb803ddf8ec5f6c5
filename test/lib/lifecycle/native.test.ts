import type { ECRClient } from '@aws-sdk/client-ecr';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { ecrLifecycle } from '../../../lib/lifecycle/adapters/ecr-lifecycle.ts';
import { harborRetention } from '../../../lib/lifecycle/adapters/harbor-retention.ts';
import {
  applyNatively,
  dialects,
  type NativeRules,
  retentionConfigSchema,
  retentionPlanSchema,
} from '../../../lib/lifecycle/index.ts';

const policyOf = (policy: object) => {
  const [first] = retentionConfigSchema.parse({ policies: [{ name: 'p', ...policy }] }).policies;
  if (!first) throw new Error('no policy');
  return first;
};
const old = { name: 'old', when: [{ olderThan: { days: 30 } }], action: 'expire' };
const policy = policyOf({ unit: 'image', rules: [old] });
const [gone, held] = [digestOf('gone'), digestOf('held')];
const planOf = (expire: readonly Digest[], spared: readonly Digest[] = []) =>
  retentionPlanSchema.parse({
    ...{
      registry: 'r',
      repository: 'app',
      plannedAt: '2026-01-01T00:00:00.000Z',
      dryRun: true,
      keep: [],
      freedBytes: 0,
    },
    expire: expire.map((root) => ({ root, mediaType: 'm', tags: [], partTags: [], why: 'w', deletes: [root] })),
    spared: spared.map((digest) => ({ digest, tags: [], rule: 'r', why: 'leased' })),
  });

/** The API of ECR, by the shapes of its reference. */
function fakeEcr(given: { readonly text?: string; readonly takes?: readonly Digest[]; readonly fails?: boolean }) {
  const sent: { name: string; input: Record<string, unknown> }[] = [];
  let looks = 0;
  const answers: Record<string, () => object> = {
    GetLifecyclePolicyCommand() {
      if (given.text === undefined)
        throw Object.assign(new Error('none'), { name: 'LifecyclePolicyNotFoundException' });
      return { lifecyclePolicyText: given.text };
    },
    StartLifecyclePolicyPreviewCommand: () => ({ status: 'IN_PROGRESS' }),
    GetLifecyclePolicyPreviewCommand() {
      if (given.fails) return { status: 'FAILED' };
      if (looks++ === 0) return { status: 'IN_PROGRESS' };
      const [first, ...rest] = given.takes ?? [];
      const isFirst = looks === 2;
      const page = isFirst && first ? [first] : rest;
      return {
        status: 'COMPLETE',
        previewResults: page.map((imageDigest) => ({ imageDigest, action: { type: 'EXPIRE' } })),
        ...(isFirst && rest.length > 0 ? { nextToken: 'more' } : {}),
      };
    },
    PutLifecyclePolicyCommand: () => ({}),
  };
  const client = {
    async send(command: { readonly constructor: { readonly name: string }; readonly input: Record<string, unknown> }) {
      sent.push({ name: command.constructor.name, input: command.input });
      return answers[command.constructor.name]?.();
    },
  } as unknown as ECRClient;
  return { rules: ecrLifecycle(client, '123456789012', async () => undefined), sent };
}

const apply = (rules: NativeRules, plan = planOf([gone]), options = { put: true }, of = policy) =>
  applyNatively(rules, dialects.ecr, { of: 'app', policy: of, plans: [plan] }, options);
const text = JSON.stringify(dialects.ecr.write(policy).document);

describe("rules in ECR's own hands", () => {
  it('are put where its preview takes what our plan takes', async () => {
    const { rules, sent } = fakeEcr({ takes: [gone] });
    expect(await apply(rules)).toMatchObject({ kind: 'put', drift: false, previewed: true });
    const at = { registryId: '123456789012', repositoryName: 'app' };
    expect(sent.at(-1)).toEqual({ name: 'PutLifecyclePolicyCommand', input: { ...at, lifecyclePolicyText: text } });
    expect(sent.filter(({ name }) => name === 'GetLifecyclePolicyPreviewCommand')).toHaveLength(2);
  });

  it('are only looked at without being asked to put them, and drift is told', async () => {
    const { rules, sent } = fakeEcr({ takes: [gone], text: '{"rules":[]}' });
    expect(await apply(rules, planOf([gone]), { put: false })).toMatchObject({ kind: 'ready', drift: true });
    expect(sent.map(({ name }) => name)).not.toContain('PutLifecyclePolicyCommand');
  });

  it('are left as they are where they are in force, whatever ECR added', async () => {
    const added = JSON.stringify({ ...JSON.parse(text), lastEvaluatedAt: 'today' });
    const { rules, sent } = fakeEcr({ text: added });
    expect(await apply(rules)).toEqual({ kind: 'in-force' });
    expect(sent).toHaveLength(1);
  });

  it('are never put where ECR would take what is held here, or leave what goes', async () => {
    const takes = fakeEcr({ takes: [gone, held] });
    const differs = { kind: 'differs', onlyNative: [held], onlyOurs: [] };
    expect(await apply(takes.rules, planOf([gone], [held]))).toEqual(differs);
    const leaves = fakeEcr({ takes: [] });
    expect(await apply(leaves.rules)).toEqual({ kind: 'differs', onlyNative: [], onlyOurs: [gone] });
    for (const { sent } of [takes, leaves]) {
      expect(sent.map(({ name }) => name)).not.toContain('PutLifecyclePolicyCommand');
    }
  });

  it('are never put where ECR cannot say the same, or makes no preview', async () => {
    const { rules, sent } = fakeEcr({});
    expect(await apply(rules, planOf([]), { put: true }, policyOf({ rules: [old] }))).toMatchObject({
      kind: 'inexact',
      losses: [expect.stringContaining('each tag')],
    });
    expect(sent).toEqual([]);
    await expect(apply(fakeEcr({ fails: true }).rules)).rejects.toMatchObject({ code: 'preview-failed' });
  });
});

describe("rules in Harbor's hands", () => {
  const keeping = policyOf({
    unit: 'image',
    rules: [{ name: 'new', when: [{ newest: { count: 5 } }], action: 'keep' }],
    otherwise: 'expire',
  });

  /** The API of Harbor 2, as far as it is asked. */
  function fakeHarbor(retention?: object) {
    let stored = retention;
    const sent: string[] = [];
    const send = async (url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
      const path = new URL(String(url instanceof Request ? url.url : url)).pathname.replace('/api/v2.0', '');
      sent.push(`${init?.method} ${path}`);
      if (path === '/projects/team') {
        return Response.json({ project_id: 7, metadata: stored ? { retention_id: '3' } : {} });
      }
      if (init?.method === 'GET') return Response.json(stored);
      stored = JSON.parse(String(init?.body));
      return new Response(null, { status: 200 });
    };
    const login = { user: 'robot', password: 'x' };
    const rules = harborRetention(new URL('https://harbor.example'), login, send);
    return { rules, sent, stored: () => stored };
  }
  const put = (rules: NativeRules, plan = planOf([])) =>
    applyNatively(rules, dialects.harbor, { of: 'team', policy: keeping, plans: [plan] }, { put: true });

  it('are made for the project, and found in force the next time', async () => {
    const { rules, sent, stored } = fakeHarbor();
    expect(await put(rules)).toMatchObject({ kind: 'put', drift: false, previewed: false });
    expect(sent).toContain('POST /retentions');
    expect(stored()).toMatchObject({
      algorithm: 'or',
      scope: { level: 'project', ref: 7 },
      rules: [{ action: 'retain' }],
    });
    expect(await put(rules)).toEqual({ kind: 'in-force' });
  });

  it('take the place of others, and keep their schedule', async () => {
    const trigger = { kind: 'Schedule', settings: { cron: '0 0 3 * * 0' } };
    const { rules, sent, stored } = fakeHarbor({
      id: 3,
      algorithm: 'or',
      rules: [],
      trigger,
      scope: { level: 'project', ref: 7 },
    });
    expect(await put(rules)).toMatchObject({ kind: 'put', drift: true });
    expect(sent.at(-1)).toBe('PUT /retentions/3');
    expect(stored()).toMatchObject({ id: 3, trigger });
  });

  it('are not put while something is held, since Harbor makes no preview and knows no leases', async () => {
    const { rules, sent } = fakeHarbor();
    expect(await put(rules, planOf([], [held]))).toEqual({ kind: 'differs', onlyNative: [held], onlyOurs: [] });
    expect(sent.some((one) => one.startsWith('POST'))).toBe(false);
  });

  it('are not sent where the password would go unencrypted', () => {
    const login = { user: 'a', password: 'b' };
    expect(() => harborRetention(new URL('http://harbor.example'), login)).toThrow('unencrypted');
  });
});
