import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replicationAnswers } from '../../lib/console/replication-routes.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { FOREIGN_HOST, startTestStack, type TestStack } from '../support/stack.ts';

const image = (content: string) =>
  buildImage([[osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])], [{ path: 'app', content }]]);

const SOURCE = '000000000000.dkr.ecr.eu-central-1.amazonaws.com';
const rule = {
  name: 'to-them',
  from: SOURCE,
  repositories: ['team/**'],
  select: { tags: ['v*'] },
  to: [{ registry: FOREIGN_HOST, prefix: 'mirror/' }],
  deletes: 'on',
};

describe('rules of replication in a stack', () => {
  let system: TestStack;
  beforeAll(async () => {
    system = await startTestStack({ settings: { replication: { largeBytes: 200_000, rules: [rule] } } });
  });
  afterAll(() => system?.close());

  const there = (repository: string, reference: string) =>
    system.foreign.client.headManifest({ repository: `mirror/${repository}`, reference });
  const told = async (detailType: string) => (await system.trail()).filter((one) => one.detailType === detailType);
  const states = async () =>
    replicationAnswers.replication.parse(await (await system.ask('/api/replication')).json()).replicas;

  it('copy what they select, to a registry of another kind, and leave the rest', async () => {
    const { client } = system.source;
    const v1 = await pushBuilt(client, 'team/app', image('one'), 'v1');
    await pushBuilt(client, 'team/other', image('two'), 'latest');
    await system.settle();
    expect((await there('team/app', 'v1'))?.digest).toBe(v1);
    expect(await there('team/other', 'latest')).toBeUndefined();
    expect(await system.overview(system.location('team/app', v1))).toMatchObject({ settled: true });
    const { descriptors } = await system.foreign.client.listReferrers({ repository: 'mirror/team/app', digest: v1 });
    expect(descriptors.length).toBeGreaterThan(0);
  });

  it('hand what is large to the worker for that', async () => {
    const large = image(randomBytes(150_000).toString('hex'));
    const digest = await pushBuilt(system.source.client, 'team/large', large, 'v1');
    await system.settle();
    expect((await there('team/large', 'v1'))?.digest).toBe(digest);
    expect(system.stack.metrics().get('lading-replicate-large-image')?.invocations).toBeGreaterThan(0);
    const [request] = await told('Replication Requested');
    expect(request?.detail).toMatchObject({ data: { lane: 'large', reason: 'large', action: 'copy' } });
  });

  it('bring back by hand what was lost, and prove that all of it is there', async () => {
    const head = await there('team/app', 'v1');
    if (head) await system.foreign.client.deleteManifest({ repository: 'mirror/team/app', digest: head.digest });
    await system.run('reconcile', { graceMs: 0, replicate: { rule: 'to-them', repository: 'team/app' } });
    expect((await there('team/app', 'v1'))?.digest).toBe(head?.digest);
    for (let i = 0; i < 2; i++) await system.run('reconcile', { graceMs: 0 });
    const found = await states();
    expect(found.map(({ target, equal, missing }) => [target.repository, equal, missing])).toEqual([
      ['mirror/team/app', true, 0],
      ['mirror/team/large', true, 0],
    ]);
    for (const { provenEqualAt, lagMs } of found) expect([typeof provenEqualAt, lagMs]).toEqual(['string', 0]);
  });

  it('take away what the source has deleted', async () => {
    const head = await there('team/app', 'v1');
    if (head === undefined) throw new Error('it is not there');
    await system.source.client.deleteManifest({ repository: 'team/app', digest: head.digest });
    await system.settle();
    for (let i = 0; i < 2; i++) await system.run('reconcile', { graceMs: 0 });
    expect(await there('team/app', head.digest)).toBeUndefined();
    expect(await told('Replica Withdrawn')).toHaveLength(1);
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
  });
});
