import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ecrUpstream, type MirrorRule, mirrorRuleSchema, mirrorsConfigSchema } from '../../../lib/mirror/config.ts';
import { routeRepository } from '../../../lib/mirror/index.ts';

const credentialArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:ecr-pullthroughcache/docker-hub-AbCdEf';
const problems = (rules: unknown): readonly string[] =>
  mirrorsConfigSchema.safeParse(rules).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('the setting mirrors', () => {
  it('takes what ECR can cache, with credentials where ECR asks for them', () => {
    expect(problems([{ prefix: 'quay', upstream: 'quay.io' }])).toEqual([]);
    expect(problems([{ prefix: 'hub', upstream: 'docker.io', credentialArn }])).toEqual([]);
    expect(problems([{ prefix: 'hub', upstream: 'docker.io' }])).toEqual([
      '0.credentialArn: ECR reads docker.io with credentials only',
    ]);
    expect(problems([{ prefix: 'acr', upstream: 'contoso.azurecr.io' }])).toHaveLength(1);
    expect(ecrUpstream('contoso.azurecr.io')?.name).toBe('azure-container-registry');
    expect(ecrUpstream('azurecr.io')).toBeUndefined();
  });

  it('takes any other registry for an edge only', () => {
    expect(problems([{ prefix: 'own', upstream: 'registry.example' }])[0]).toContain('where: "edge"');
    expect(problems([{ prefix: 'own', upstream: 'registry.example', where: 'edge' }])).toEqual([]);
  });

  it.each([
    [
      'a prefix twice',
      [
        { prefix: 'aa', upstream: 'quay.io' },
        { prefix: 'aa', upstream: 'public.ecr.aws' },
      ],
    ],
    ['a prefix that is no name', [{ prefix: 'A/../b', upstream: 'quay.io' }]],
    [
      'another secret',
      [{ prefix: 'hub', upstream: 'docker.io', credentialArn: credentialArn.replace('ecr-pull', 'x') }],
    ],
    ['a host that is none', [{ prefix: 'aa', upstream: 'quay.io/x' }]],
    ['a member it does not know', [{ prefix: 'aa', upstream: 'quay.io', quarantined: false }]],
  ])('refuses %s', (_, rules) => {
    expect(problems(rules).length).toBeGreaterThan(0);
  });

  it('holds what is new unless it says otherwise', () => {
    expect(mirrorRuleSchema.parse({ prefix: 'quay', upstream: 'quay.io' }).quarantine.until).toBe('gate');
  });
});

describe('which upstream a repository comes from', () => {
  const rule = (prefix: string, more: object = {}): MirrorRule =>
    mirrorRuleSchema.parse({ prefix, upstream: 'quay.io', ...more });

  it('is told by the longest prefix, at whole segments', () => {
    const rules = [rule('ROOT'), rule('aa'), rule('aa/bb', { upstreamPrefix: 'up/stream' })];
    const of = (name: string) => {
      const route = routeRepository(rules, name);
      return [route?.rule.prefix, route?.upstreamRepository];
    };
    expect(of('aa/bb/cc')).toEqual(['aa/bb', 'up/stream/cc']);
    expect(of('aa/bbc')).toEqual(['aa', 'bbc']);
    expect(of('aab/c')).toEqual(['ROOT', 'aab/c']);
    expect(of('aa')).toEqual(['ROOT', 'aa']);
    expect(routeRepository([rule('aa')], 'aa')).toBeUndefined();
  });

  it('does not depend on the order of the rules', () => {
    const prefix = fc.constantFrom('aa', 'aa/bb', 'bb', 'ROOT', 'aa/bb/cc');
    fc.assert(
      fc.property(
        fc.uniqueArray(prefix, { minLength: 1 }),
        fc.constantFrom('aa/x', 'aa/bb/x', 'bb/aa/bb', 'c'),
        (all, name) => {
          const found = routeRepository(
            all.map((one) => rule(one)),
            name,
          );
          expect(
            routeRepository(
              all.toReversed().map((one) => rule(one)),
              name,
            ),
          ).toEqual(found);
          if (found && found.rule.prefix !== 'ROOT')
            expect(`${found.rule.prefix}/${found.upstreamRepository}`).toBe(name);
        },
      ),
    );
  });
});
