import { describe, expect, it } from 'vitest';
import { ownerNamer, rootsOf, storageConfigSchema, storeNamer } from '../../../lib/storage/index.ts';
import { entry, HOST } from './fill-catalog.ts';

const config = storageConfigSchema.parse({
  sharing: [{ registries: ['222222222222.dkr.ecr.*.amazonaws.com'], scope: 'registry' }],
  teams: [
    { name: 'payments', repositories: ['*/pay/**'] },
    { name: 'late', repositories: ['*/pay/fraud'] },
  ],
});

describe('roots', () => {
  const child = entry('a', 'child', { labels: { team: 'core' } });
  const index = entry('a', 'index', {
    artifactClass: 'index',
    children: [{ digest: child.digest, mediaType: 'm', size: 1 }],
  });
  const other = entry('a', 'other index', { artifactClass: 'index', children: index.children });
  const signature = entry('a', 'signature', { artifactClass: 'signature', referrerOf: child.digest });
  const alone = entry('a', 'alone');
  const names = (of: typeof child, among: readonly (typeof child)[]) =>
    rootsOf(among)
      .get(of.digest)
      ?.map(({ digest }) => digest);

  it('are the indexes of a child, over any number of steps, and what refers to it belongs to them', () => {
    const all = [signature, child, index, other, alone];
    expect(names(signature, all)).toEqual([index.digest, other.digest]);
    expect(names(child, all)).toEqual([index.digest, other.digest]);
    expect(names(index, all)).toEqual([index.digest]);
    expect(names(alone, all)).toEqual([alone.digest]);
  });

  it('have the labels of their images, since an index has none', () => {
    expect(rootsOf([child, index]).get(child.digest)?.[0]?.labels).toEqual({ team: 'core' });
  });

  it('of manifests that only name each other are these themselves', () => {
    const a = entry('a', 'a', { children: [{ digest: entry('a', 'b').digest, mediaType: 'm', size: 1 }] });
    const b = entry('a', 'b', { children: [{ digest: a.digest, mediaType: 'm', size: 1 }] });
    expect(names(a, [a, b])).toEqual([a.digest]);
    expect(names(b, [a, b])).toEqual([b.digest]);
  });
});

describe('owners and stores', () => {
  it('are named by repository, registry, account, team and label', () => {
    const one = entry('pay/fraud', 'x', { labels: { team: 'risk', __proto__: 'y' } as Record<string, string> });
    const two = entry('shop', 'x', { labels: { team: 'shop' } });
    const named = (by: Parameters<typeof ownerNamer>[0], of: typeof one) => ownerNamer(by, config)(of);
    expect(named('repository', one)).toBe(`${HOST}/pay/fraud`);
    expect(named('registry', one)).toBe(HOST);
    expect(named('account', one)).toBe('123456789012');
    expect(named('account', entry('a', 'x', { registry: 'ghcr.io' }))).toBe('ghcr.io');
    expect(named('team', one)).toBe('payments');
    expect(named('team', two)).toBe('shop');
    expect(named('team', entry('x', 'y'))).toBe('(no team)');
    expect(named({ label: 'team' }, one)).toBe('risk');
    expect(named({ label: 'toString' }, two)).toBe('(no label)');
  });

  it('keep a layer once in each repository of an ECR, unless it mounts blobs, and once in any other registry', () => {
    const storeOf = storeNamer(config);
    expect(storeOf(entry('a', 'x'))).toBe(`${HOST}/a`);
    const mounting = '222222222222.dkr.ecr.eu-west-1.amazonaws.com';
    expect(storeOf(entry('a', 'x', { registry: mounting }))).toBe(mounting);
    const local = '000000000000.dkr.ecr.eu-central-1.amazonaws.com';
    expect(storeOf(entry('a', 'x', { registry: local }))).toBe(local);
    expect(storeOf(entry('a', 'x', { registry: 'ghcr.io' }))).toBe('ghcr.io');
  });
});
