import { describe, expect, it } from 'vitest';
import { replicationConfigSchema } from '../../../lib/replication/config.ts';
import { imageTargets, type RuledImage, ruledTargets } from '../../../lib/replication/index.ts';
import { targetName } from '../../../lib/replication/target-name.ts';

const A = 'a.example';
const B = 'b.example';
const parse = (...rules: readonly object[]) =>
  replicationConfigSchema.parse({
    rules: rules.map((rule, i) => ({ name: `rule ${i}`, from: A, to: [{ registry: B }], ...rule })),
  });
const problems = (...rules: readonly object[]): string => {
  const given = { rules: rules.map((rule, i) => ({ name: `rule ${i}`, from: A, to: [{ registry: B }], ...rule })) };
  return (
    replicationConfigSchema
      .safeParse(given)
      .error?.issues.map(({ message }) => message)
      .join('\n') ?? ''
  );
};
const image = (given: Partial<RuledImage> & { readonly labels?: Record<string, string> } = {}): RuledImage => ({
  tags: ['1.4.0', 'latest'],
  verdict: 'allow',
  content: {
    artifactClass: 'image',
    platforms: ['linux/amd64'],
    labels: new Map(Object.entries(given.labels ?? {})),
    signed: true,
    sizeBytes: 1,
  },
  ...given,
});
const of = { registry: A, repository: 'team/app' };
const tagsAt = (rule: object, given: Partial<RuledImage> = {}) => imageTargets(parse(rule), of, image(given))[0]?.tags;

describe('rules of replication', () => {
  it('choose repositories by globs, by what is left out and by patterns in linear time', () => {
    const named = (rule: object, repository: string) => ruledTargets(parse(rule), { registry: A, repository }).length;
    expect(named({ repositories: ['team/*'] }, 'team/app')).toBe(1);
    expect(named({ repositories: ['team/*'], otherRepositories: ['team/secret*'] }, 'team/secrets')).toBe(0);
    expect(named({ repositoryPatterns: ['^team/[a-m]'] }, 'team/app')).toBe(1);
    expect(named({ repositoryPatterns: ['^team/[a-m]'] }, 'team/zoo')).toBe(0);
    expect(problems({ repositoryPatterns: ['(?=x)'] })).toContain('RE2');
    expect(named({ repositoryPatterns: ['(a+)+$'] }, `${'a'.repeat(200)}!`.toLowerCase())).toBe(0);
  });

  it.each<[string, object, Partial<RuledImage>, readonly string[] | undefined]>([
    ['all tags without a selection', {}, {}, ['1.4.0', 'latest']],
    ['only the tags that it selects', { select: { versions: '>=1 <2' } }, {}, ['1.4.0']],
    ['by glob', { select: { tags: ['lat*'] } }, {}, ['latest']],
    ['by pattern', { select: { tagPatterns: ['^\\d+\\.'] } }, {}, ['1.4.0']],
    ['nothing where no tag is selected', { select: { tags: ['v*'] } }, {}, undefined],
    ['by platform', { select: { platforms: ['linux/arm64'] } }, {}, undefined],
    ['by class', { select: { artifactClasses: ['chart'] } }, {}, undefined],
    ['by signature', { select: { signed: false } }, {}, undefined],
    ['nothing that the gate denies', {}, { verdict: 'deny' }, undefined],
    ['what the gate denies, if it says so', { verdicts: ['deny'] }, { verdict: 'deny' }, ['1.4.0', 'latest']],
    [
      'nothing of unknown content where it selects by content',
      { select: { signed: true } },
      { content: undefined },
      undefined,
    ],
    ['an image without tags', {}, { tags: [] }, []],
    ['no image without tags where it selects tags', { select: { tagged: 'yes' } }, { tags: [] }, undefined],
  ])('take %s', (_what, rule, given, expected) => {
    expect(tagsAt(rule, given)).toEqual(expected);
  });

  it('choose by label, and bring together what several say of one place', () => {
    const config = parse({ select: { labels: { tier: 'gold*' }, tags: ['latest'] } }, { select: { versions: '*' } });
    expect(imageTargets(config, of, image({ labels: { tier: 'golden' } }))).toMatchObject([
      { registry: B, repository: 'team/app', tags: ['latest', '1.4.0'] },
    ]);
    expect(imageTargets(config, of, image({ labels: { tier: 'tin' } }))).toMatchObject([{ tags: ['1.4.0'] }]);
  });

  it('listen to the triggers that they name', () => {
    const config = parse({ triggers: ['schedule'] });
    expect(imageTargets(config, of, image(), 'event')).toEqual([]);
    expect(imageTargets(config, of, image(), 'schedule')).toHaveLength(1);
  });

  it.each<[Parameters<typeof targetName>[0], string, string | undefined]>([
    [{ prefix: 'mirror/' }, 'team/app', 'mirror/team/app'],
    [{ prefix: '', namespaces: { team: 'mirror/a', 'team/deep': 'b' } }, 'team/deep/app', 'b/app'],
    [{ prefix: '', namespaces: { team: 'mirror/a' } }, 'teams/app', 'teams/app'],
    [{ prefix: '', namespaces: { team: '' } }, 'team/app', 'app'],
    [{ prefix: 'x/', rename: { pattern: '(\\w+)/(.*)', to: '$2/$1' } }, 'team/app', 'x/app/team'],
    [{ prefix: '', rename: { pattern: 'tea', to: 'x' } }, 'team/app', 'team/app'],
    [{ prefix: '', rename: { pattern: '.*', to: 'UPPER' } }, 'team/app', undefined],
  ])('rename %j: %s', (naming, repository, expected) => {
    expect(targetName(naming, repository)).toBe(expected);
  });

  it('that copy both ways must agree on who wins', () => {
    const back = { name: 'back', from: B, to: [{ registry: A }] };
    expect(problems({}, back)).toContain('it must say "target"');
    expect(problems({}, { ...back, conflict: 'target' })).toBe('');
    expect(problems({ conflict: 'newest' }, { ...back, conflict: 'newest' })).toBe('');
    expect(problems({ conflict: 'newest' }, { ...back, conflict: 'report' })).toContain('it must say "newest"');
    expect(problems({}, { ...back, to: [{ registry: A, prefix: 'from-b/' }] })).toBe('');
  });

  it('leave to ECR only what it can do', () => {
    const verdicts = ['allow', 'deny', 'quarantine', 'undecided'];
    expect(problems({ via: 'ecr', verdicts, repositories: ['team/**'] })).toBe('');
    expect(problems({ via: 'ecr' })).toContain('does not wait for the gate');
    const faults = problems({ via: 'ecr', verdicts, repositories: ['*/app'], deletes: 'on', select: { signed: true } });
    expect(faults).toContain('takes prefixes');
    expect(faults).toContain('never deletes');
    expect(faults).toContain('knows only the beginning');
  });
});
