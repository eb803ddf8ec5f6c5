import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RetentionPolicy, retentionConfigSchema } from '../../../../lib/lifecycle/index.ts';
import { evaluatePolicy } from '../../../../lib/lifecycle/policy/evaluate-policy.ts';
import { policyFor } from '../../../../lib/lifecycle/policy/policy-for.ts';
import { tagClass, tagVersion } from '../../../../lib/selection/index.ts';
import { daysAgo, expired, now, unit } from './support.ts';

const policyOf = (...rules: object[]): RetentionPolicy =>
  retentionConfigSchema.parse({ policies: [{ name: 'p', rules }] }).policies[0] as RetentionPolicy;
const expireWhen = (select: object, ...when: object[]): RetentionPolicy =>
  policyOf({ name: 'r', select, when, action: 'expire' });

describe('a selector', () => {
  const images = [
    unit('release', { tags: ['v1.2.3', 'stable'], platforms: ['linux/amd64', 'linux/arm64'], signed: true }),
    unit('candidate', { tags: ['v1.3.0-rc.1'], platforms: ['linux/amd64'], sizeBytes: 9_000 }),
    unit('build', { tags: ['main-20260102-0a1b2c3'], labels: new Map([['team', 'core/web']]) }),
    unit('commit', { tags: ['0a1b2c3d'], artifactClass: 'cache' }),
    unit('loose', { tags: [] }),
  ];
  it.each<[string, object, string[]]>([
    ['everything', {}, ['build', 'candidate', 'commit', 'loose', 'release']],
    ['what is tagged', { tagged: 'yes' }, ['build', 'candidate', 'commit', 'release']],
    ['what is not', { tagged: 'no' }, ['loose']],
    ['some tag by glob', { tags: ['v*', 'nothing'] }, ['candidate', 'release']],
    ['some tag by glob, or none at all', { tagged: 'any', tags: ['v*'] }, ['candidate', 'loose', 'release']],
    ['each glob by some tag', { allTags: ['v*', 'stab*'] }, ['release']],
    ['a tag beside the globs', { otherTags: ['v*'] }, ['build', 'commit', 'release']],
    ['a pattern', { tagPatterns: ['^[0-9a-f]{8}$'] }, ['commit']],
    ['a tag beside a pattern', { otherTagPatterns: ['\\d'] }, ['release']],
    ['a range of versions', { versions: '>=1.3.0-0' }, ['candidate']],
    ['versions', { tagClasses: ['version'] }, ['release']],
    ['dates and commits', { tagClasses: ['date', 'commit'] }, ['build', 'commit']],
    ['artifact classes', { artifactClasses: ['cache'] }, ['commit']],
    ['platforms', { platforms: ['*/arm64'] }, ['release']],
    ['labels', { labels: { team: 'core/*' } }, ['build']],
    ['labels that are there', { labels: { none: '**' } }, []],
    ['what is signed', { signed: true }, ['release']],
    ['what is large', { largerThanBytes: 1_000 }, ['candidate']],
    ['all of several', { tags: ['v*'], signed: false }, ['candidate']],
  ])('selects %s', (_what, select, selected) => {
    expect(expired(expireWhen(select), images)).toEqual(selected);
  });
});

describe('a condition', () => {
  const images = [
    unit('a', { pushedAt: daysAgo(40), pulledAt: daysAgo(1), createdAt: daysAgo(400), labels: new Map([['b', 'x']]) }),
    unit('b', { pushedAt: daysAgo(30), pulledAt: 'never', createdAt: daysAgo(300), labels: new Map([['b', 'y']]) }),
    unit('c', { pushedAt: daysAgo(20), pulledAt: daysAgo(15), createdAt: daysAgo(500), labels: new Map([['b', 'x']]) }),
  ];
  it.each<[string, object, string[]]>([
    ['beyond the newest', { beyondNewest: { count: 1 } }, ['a', 'b']],
    ['beyond the newest by pull', { beyondNewest: { count: 1, by: 'pulled' } }, ['b', 'c']],
    ['beyond the newest by creation', { beyondNewest: { count: 1, by: 'created' } }, ['a', 'c']],
    ['beyond the newest by activity', { beyondNewest: { count: 2, by: 'active' } }, ['b']],
    ['beyond the newest of each label', { beyondNewest: { count: 1, per: { label: 'b' } } }, ['a']],
    ['among the newest', { newest: { count: 2 } }, ['b', 'c']],
    ['older', { olderThan: { days: 25 } }, ['a', 'b']],
    ['younger', { youngerThan: { days: 25 } }, ['c']],
    ['not pulled for long, or ever', { olderThan: { days: 10, since: 'pulled' } }, ['b', 'c']],
    ['both of two', { olderThan: { days: 25 }, beyondNewest: { count: 1, by: 'pulled' } }, ['b']],
  ])('holds for what is %s', (_what, condition, holds) => {
    expect(expired(expireWhen({}, condition), images)).toEqual(holds);
  });

  it('is one of several', () => {
    expect(expired(expireWhen({}, { youngerThan: { days: 25 } }, { olderThan: { days: 35 } }), images)).toEqual([
      'a',
      'c',
    ]);
  });

  it('counts per version and per part of the tag', () => {
    const tags = ['1.0.0', '1.0.2', 'v1.0.10', '1.1.0', '2.0.0', 'main-1', 'main-2', 'feature-9'];
    const units = tags.map((tag, i) => unit(tag, { pushedAt: daysAgo(100 - i) }));
    const per = (rank: object, select: object) =>
      expired(expireWhen(select, { beyondNewest: { count: 1, ...rank } }), units);
    expect(per({ by: 'version', per: 'minor' }, { tagClasses: ['version'] })).toEqual(['1.0.0', '1.0.2']);
    expect(per({ by: 'version', per: 'major' }, { tagClasses: ['version'] })).toEqual(['1.0.0', '1.0.2', 'v1.0.10']);
    expect(per({ per: { tagPattern: '^(.+)-\\d+$' } }, { tags: ['*-*'] })).toEqual(['main-1']);
  });

  it('never removes what it cannot tell', () => {
    const units = [unit('told', { pulledAt: 'never' }), unit('untold', { pulledAt: 'unknown' })];
    expect(expired(expireWhen({}, { olderThan: { days: 1, since: 'pulled' } }), units)).toEqual(['told']);
    expect(expired(expireWhen({}, { beyondNewest: { count: 0, by: 'pulled' } }), units)).toEqual(['told']);
    const kept = policyOf(
      { name: 'used', when: [{ youngerThan: { days: 1, since: 'pulled' } }], action: 'keep' },
      { name: 'rest', action: 'expire' },
    );
    expect(expired(kept, units)).toEqual(['told']);
    expect(evaluatePolicy(kept, units, now).at(1)).toMatchObject({
      action: 'keep',
      why: 'rule "used": when it was pulled is not known',
    });
    // What belongs to none of the groups has no place in any.
    expect(expired(expireWhen({}, { beyondNewest: { count: 0, per: 'major' } }), units)).toEqual([]);
  });
});

describe('the rules of a policy', () => {
  it('are asked in their order, and count what they select whatever becomes of it', () => {
    const units = [1, 2, 3, 4].map((n) => unit(`v${n}`, { pushedAt: daysAgo(n) }));
    const policy = policyOf(
      { name: 'pinned', select: { tags: ['v2'] }, action: 'keep' },
      { name: 'newest', when: [{ newest: { count: 2 } }], action: 'keep' },
      { name: 'rest', action: 'expire' },
    );
    expect(expired(policy, units)).toEqual(['v3', 'v4']);
  });

  it('are those of the first policy with a rule for the repository', () => {
    const rule = (name: string, more: object = {}) => ({ name, action: 'expire', ...more });
    const config = retentionConfigSchema.parse({
      policies: [
        { name: 'a', repositories: ['team/**'], rules: [rule('x', { otherRepositories: ['team/keep'] })] },
        { name: 'b', rules: [rule('y', { repositories: ['other/*'] }), rule('z')] },
      ],
    });
    const names = (repository: string) => policyFor(config, repository).rules.map(({ name }) => name);
    expect(names('team/app')).toEqual(['x']);
    expect(names('team/keep')).toEqual(['z']);
    expect(names('other/app')).toEqual(['y', 'z']);
    expect(policyFor({ policies: [] }, 'any')).toMatchObject({ rules: [], otherwise: 'keep' });
  });

  it('refuse what cannot be a rule, by its path', () => {
    const problem = (rule: object) =>
      retentionConfigSchema.safeParse({ policies: [{ name: 'p', rules: [{ name: 'r', action: 'expire', ...rule }] }] })
        .error?.message;
    expect(problem({ select: { tagPatterns: ['(?=x)'] } })).toContain('RE2 syntax');
    expect(problem({ select: { versions: 'newest' } })).toContain('not a range of semantic versions');
    expect(problem({ when: [{}] })).toContain('a condition needs');
    expect(problem({ select: { unheard: 1 } })).toContain('unheard');
  });

  it('take time in proportion to the tag for any pattern', () => {
    const policy = expireWhen({ tagPatterns: ['^(a+)+$'] });
    expect(expired(policy, [unit(`${'a'.repeat(127)}b`), unit('a'.repeat(128))])).toEqual(['a'.repeat(128)]);
  });

  it('do not depend on the order of the units', () => {
    const ages = fc.array(
      fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), age: fc.nat(5), pulled: fc.nat(3) }),
      {
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(ages, fc.nat(6), fc.constantFrom('pushed', 'pulled', 'active'), (some, count, by) => {
        const units = [...new Map(some.map((one) => [one.id, one])).values()].map(({ id, age, pulled }) =>
          unit(id, { pushedAt: daysAgo(age), pulledAt: pulled === 0 ? 'never' : daysAgo(pulled) }),
        );
        const policy = expireWhen({}, { beyondNewest: { count, by } });
        expect(expired(policy, [...units].reverse())).toEqual(expired(policy, units));
        expect(expired(policy, units)).toHaveLength(Math.max(0, units.length - count));
      }),
    );
  });
});

describe('a tag', () => {
  it.each([
    ['1.2.3', '1.2.3', 'version'],
    ['v1.4', '1.4.0', 'version'],
    ['1.4.2-rc.1', '1.4.2-rc.1', 'pre-release'],
    ['1.4.2_build5', '1.4.2', 'version'],
    ['2026-01-31', undefined, 'date'],
    ['nightly-20260131', undefined, 'date'],
    ['20261399', undefined, 'commit'],
    ['sha-0a1b2c3', undefined, 'commit'],
    ['deadbeef', undefined, 'word'],
    ['latest', undefined, 'word'],
    ['1', undefined, 'word'],
    [`${'9'.repeat(15)}.${'9'.repeat(15)}`, '999999999999999.999999999999999.0', 'version'],
  ])('%s is read as %s and is a %s', (tag, version, kind) => {
    expect(tagVersion(tag)?.version).toBe(version);
    expect(tagClass(tag)).toBe(kind);
  });

  it('of any spelling is read without an error', () => {
    fc.assert(fc.property(fc.string({ maxLength: 128 }), (tag) => void [tagVersion(tag), tagClass(tag)]));
  });
});

describe('what is known beside the registry', () => {
  const taken = (policy: RetentionPolicy, units: Parameters<typeof evaluatePolicy>[1]) => expired(policy, units).sort();

  it('selects by what the gate said, and by the worst finding', () => {
    const units = [
      unit('denied', { verdict: 'deny', severity: 'high' }),
      unit('allowed', { verdict: 'allow', severity: 'low' }),
      unit('clean', { verdict: 'allow' }),
      unit('never asked'),
    ];
    expect(taken(expireWhen({ verdicts: ['deny', 'quarantine'] }), units)).toEqual(['denied']);
    expect(taken(expireWhen({ verdicts: ['none'] }), units)).toEqual(['never asked']);
    expect(taken(expireWhen({ severityAtLeast: 'high' }), units)).toEqual(['denied']);
    expect(taken(expireWhen({ severityAtLeast: 'low' }), units)).toEqual(['allowed', 'denied']);
  });

  it('goes by when something was last seen to run it, where anybody tells that', () => {
    const units = [
      unit('long ago', { usedAt: daysAgo(60) }),
      unit('lately', { usedAt: daysAgo(3) }),
      unit('never', { usedAt: 'never' }),
      unit('nobody tells', { usedAt: 'unknown' }),
    ];
    expect(taken(expireWhen({}, { olderThan: { days: 30, since: 'used' } }), units)).toEqual(['long ago', 'never']);
  });

  it('goes by when the next one of the group was pushed, which the newest never is', () => {
    const units = [
      unit('1.0.0', { pushedAt: daysAgo(90) }),
      unit('1.0.1', { pushedAt: daysAgo(50) }),
      unit('1.0.2', { pushedAt: daysAgo(10) }),
      unit('1.1.0', { pushedAt: daysAgo(80) }),
    ];
    const superseded = (per?: string) =>
      expireWhen({}, { olderThan: { days: 30, since: 'superseded', ...(per ? { per } : {}) } });
    expect(taken(superseded(), units)).toEqual(['1.0.0', '1.1.0']);
    expect(taken(superseded('minor'), units)).toEqual(['1.0.0']);
    const same = ['a', 'b'].map((id) => unit(id, { pushedAt: daysAgo(50) }));
    expect(taken(superseded(), same)).toEqual([]);
  });
});
