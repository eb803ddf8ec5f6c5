import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DialectName, dialects, type RetentionPolicy } from '../../../../lib/lifecycle/index.ts';
import { policyFor } from '../../../../lib/lifecycle/policy/policy-for.ts';
import { daysAgo, expired, type SimulatedImage, toUnits } from '../policy/support.ts';
import {
  artifactoryDocuments,
  ecrDocuments,
  gitlabDocuments,
  googleDocuments,
  harborDocuments,
  quayDocuments,
  repositories,
  zotDocuments,
} from './documents.ts';
import {
  simulateArtifactory,
  simulateEcr,
  simulateGitlab,
  simulateGoogle,
  simulateHarbor,
  simulateQuay,
  simulateZot,
} from './simulators.ts';

const every = { repositories: '**' };
const outcome = (policies: readonly RetentionPolicy[], images: readonly SimulatedImage[]): string[] => {
  const policy = policyFor({ policies: [...policies] }, 'app');
  return expired(policy, toUnits(images, policy.unit));
};

const simulated: [
  DialectName,
  fc.Arbitrary<unknown>,
  (document: unknown, images: readonly SimulatedImage[]) => string[],
][] = [
  ['ecr', ecrDocuments, simulateEcr],
  ['harbor', harborDocuments, simulateHarbor],
  ['zot', zotDocuments, simulateZot],
  ['google', googleDocuments, simulateGoogle],
  ['gitlab', gitlabDocuments, simulateGitlab],
  ['quay', quayDocuments, simulateQuay],
  ['artifactory', artifactoryDocuments, simulateArtifactory],
];

/** `LADING_RETENTION_REPOSITORIES=10000` for as many generated repositories of each registry. */
const numRuns = Number(process.env.LADING_RETENTION_REPOSITORIES ?? 400);

describe.each(simulated)('rules of %s', (name, documents, simulate) => {
  it('take here what they take there', () => {
    fc.assert(
      fc.property(documents, repositories, (document, images) => {
        expect(outcome(dialects[name].read(document, every).policies, images)).toEqual(simulate(document, images));
      }),
      { numRuns },
    );
  });

  it('written again take the same, or it is said what is lost', () => {
    let exact = 0;
    fc.assert(
      fc.property(documents, repositories, (document, images) => {
        for (const policy of dialects[name].read(document, every).policies) {
          const written = dialects[name].write(policy);
          if (written.losses.length > 0) continue;
          exact++;
          expect(simulate(written.document, images)).toEqual(simulate(document, images));
        }
      }),
      { numRuns },
    );
    expect(exact).toBeGreaterThan(numRuns / 4);
  });
});

describe('a policy of ours', () => {
  const written = (name: DialectName, policy: RetentionPolicy) => dialects[name].write(policy);

  it.each(simulated)(
    'read from one language and written for %s takes the same, or it is said what is lost',
    (name, _own, simulate) => {
      const foreign = fc.oneof(
        ...simulated.map(([other, documents]) =>
          documents.map((document) => dialects[other].read(document, every).policies),
        ),
      );
      fc.assert(
        fc.property(foreign, repositories, (policies, images) => {
          for (const policy of policies) {
            const { document, losses } = written(name, policy);
            if (losses.length > 0) continue;
            expect(simulate(document, images)).toEqual(outcome([policy], images));
          }
        }),
        { numRuns },
      );
    },
  );

  it('of the usual kind is exact for the registries that delete by tag', () => {
    const select = { tags: ['v*'] };
    const policy: RetentionPolicy = {
      name: 'usual',
      repositories: ['**'],
      unit: 'tag',
      rules: [
        { name: 'newest', select, when: [{ newest: { count: 3, by: 'pushed' } }], action: 'keep' },
        { name: 'rest', select, when: [], action: 'expire' },
      ],
      otherwise: 'keep',
    };
    expect(written('quay', policy)).toEqual({
      document: [{ method: 'number_of_tags', value: 3, tagPattern: '^v[^/]*$', tagPatternMatches: true }],
      losses: [],
    });
    expect(written('ecr', { ...policy, unit: 'image' })).toEqual({
      document: {
        rules: [
          {
            rulePriority: 1,
            description: 'newest',
            selection: { tagStatus: 'tagged', tagPatternList: ['v*'], countType: 'imageCountMoreThan', countNumber: 3 },
            action: { type: 'expire' },
          },
        ],
      },
      losses: [],
    });
    expect(written('harbor', policy).losses).toContain('Harbor deletes all that no rule retains');
    expect(written('gitlab', policy).losses.join()).toContain('date of creation');
  });
});

/** Amazon ECR User Guide, "Examples of lifecycle policies", with the outcome that each states. */
describe('the examples of ECR’s guide', () => {
  const image = (id: string, days: number, ...tags: string[]): SimulatedImage => ({
    id,
    tags,
    pushedAt: daysAgo(days),
    createdAt: daysAgo(days),
  });
  const rule = (rulePriority: number, selection: object) => ({ rulePriority, selection, action: { type: 'expire' } });
  const more = (countNumber: number) => ({ countType: 'imageCountMoreThan', countNumber });
  const older = (countNumber: number) => ({ countType: 'sinceImagePushed', countUnit: 'days', countNumber });
  const prefix = (...tagPrefixList: string[]) => ({ tagStatus: 'tagged', tagPrefixList });
  const pattern = (...tagPatternList: string[]) => ({ tagStatus: 'tagged', tagPatternList });

  const two = [image('A', 10, 'beta-1', 'prod-1'), image('B', 9, 'beta-2', 'prod-2'), image('C', 8, 'beta-3')];
  const six = [
    image('A', 12, 'alpha-1'),
    image('B', 11, 'beta-1'),
    image('C', 10, 'alpha-2', 'beta-2'),
    image('D', 4, 'alpha-3'),
    image('E', 3, 'beta-3'),
    image('F', 2, 'alpha-4', 'beta-4'),
  ];
  const three = [
    image('A', 10, 'alpha-1', 'beta-1', 'gamma-1'),
    image('B', 9, 'alpha-2', 'beta-2'),
    image('C', 8, 'alpha-3', 'beta-3', 'gamma-2'),
  ];
  it.each<[string, object[], SimulatedImage[], string[]]>([
    [
      'age',
      [rule(1, { ...pattern('prod*'), ...older(14) })],
      [image('A', 15, 'prod-1'), image('B', 13, 'prod-2'), image('C', 99)],
      ['A'],
    ],
    [
      'count',
      [rule(1, { tagStatus: 'untagged', ...more(1) })],
      [image('A', 3), image('B', 2), image('C', 4, 'x')],
      ['A'],
    ],
    [
      'several rules, prod first',
      [rule(1, { ...prefix('prod'), ...more(1) }), rule(2, { ...prefix('beta'), ...more(1) })],
      two,
      ['A'],
    ],
    [
      'several rules, beta first',
      [rule(1, { ...prefix('beta'), ...more(1) }), rule(2, { ...prefix('prod'), ...more(1) })],
      two,
      ['A', 'B'],
    ],
    ['several tags in one rule, by age', [rule(1, { ...prefix('alpha', 'beta'), ...older(5) })], six, ['C']],
    ['several tags in one rule, by count', [rule(1, { ...prefix('alpha', 'beta'), ...more(1) })], three, ['A', 'B']],
    [
      'all images, after a rule for some',
      [rule(1, { ...pattern('alpha*'), ...more(1) }), rule(2, { tagStatus: 'any', ...more(1) })],
      [image('A', 4, 'alpha-1'), image('B', 3, 'beta-1'), image('C', 2), image('D', 1, 'alpha-2')],
      ['A', 'B', 'C'],
    ],
  ])('on %s end as stated', (_what, rules, images, stated) => {
    expect(outcome(dialects.ecr.read({ rules }, every).policies, images)).toEqual(stated);
  });
});

describe('what cannot be read', () => {
  const ecrRule = (selection: object, more: object = {}) => ({
    rules: [
      {
        rulePriority: 1,
        selection: { countType: 'imageCountMoreThan', countNumber: 1, ...selection },
        action: { type: 'expire' },
        ...more,
      },
    ],
  });
  it.each<[DialectName, unknown, string]>([
    ['ecr', ecrRule({ tagStatus: 'tagged' }), 'tagPatternList or tagPrefixList'],
    ['ecr', ecrRule({ tagStatus: 'any', countUnit: 'days' }), 'countUnit'],
    ['ecr', ecrRule({ tagStatus: 'tagged', tagPatternList: ['*a*b*c*d*'] }), 'at most four'],
    [
      'ecr',
      {
        rules: [
          ...ecrRule({ tagStatus: 'any' }).rules,
          ...ecrRule({ tagStatus: 'untagged' }, { rulePriority: 2 }).rules,
        ],
      },
      'highest rulePriority',
    ],
    [
      'ecr',
      { rules: [...ecrRule({ tagStatus: 'untagged' }).rules, ...ecrRule({ tagStatus: 'any' }).rules] },
      'same rulePriority',
    ],
    ['harbor', { rules: [{ action: 'retain', template: 'unheard' }] }, 'template'],
    [
      'harbor',
      { rules: [{ action: 'retain', template: 'always', tag_selectors: [{ decoration: 'matches', pattern: '[a' }] }] },
      'not a pattern',
    ],
    ['zot', { policies: [{ repositories: ['**'], keepTags: [{ patterns: ['(?=x)'] }] }] }, 'RE2 syntax'],
    ['zot', { policies: [{ repositories: ['**'], keepTags: [{ pulledWithin: 'soon' }] }] }, 'duration'],
    ['google', [{ name: 'x', action: { type: 'Delete' }, mostRecentVersions: { keepCount: 1 } }], 'action Keep'],
    ['gitlab', { name_regex_delete: '.*', older_than: 'a while' }, '14d'],
    ['quay', [{ method: 'creation_date', value: 7 }], '7d'],
    ['artifactory', { key: 'x', searchCriteria: { packageTypes: [] } }, 'packageTypes'],
  ])('of %s is refused by name', (name, document, problem) => {
    expect(() => dialects[name].read(document, every)).toThrow(problem);
  });

  it('but only has another meaning here is told', () => {
    const archive = ecrRule({ tagStatus: 'any' }, { action: { type: 'transition', targetStorageClass: 'archive' } });
    const { policies, losses } = dialects.ecr.read(archive, every);
    expect(losses).toHaveLength(1);
    expect(policies[0]?.rules[0]).toMatchObject({ action: 'archive', storageClass: 'ecr-archive' });
    expect(outcome(policies, [{ id: 'a', tags: [], pushedAt: 0, createdAt: 0 }])).toEqual([]);
    const byName = [{ name: 'x', action: { type: 'Delete' }, condition: { versionNamePrefixes: ['sha'] } }];
    expect(dialects.google.read(byName, every)).toMatchObject({
      policies: [],
      losses: [expect.stringContaining('digest')],
    });
  });
});

describe('cleanup policies of Artifactory', () => {
  const images = [40, 30, 20, 10].map(
    (days, i): SimulatedImage => ({
      id: `image-${i}`,
      tags: [`t${i}`],
      pushedAt: daysAgo(days),
      pulledAt: i === 0 ? daysAgo(2) : undefined,
      createdAt: daysAgo(days),
    }),
  );
  const read = (criteria: object) =>
    outcome(
      dialects.artifactory.read(
        { key: 'k', searchCriteria: { packageTypes: ['docker'], includedPackages: ['**'], ...criteria } },
        every,
      ).policies,
      images,
    );
  it('ask for all of their conditions', () => {
    expect(read({ createdBeforeInDays: 15 })).toEqual(['t0', 't1', 't2']);
    expect(read({ createdBeforeInDays: 15, lastDownloadedBeforeInDays: 5 })).toEqual(['t1', 't2']);
    expect(read({ createdBeforeInMonths: 1, keepLastNVersions: 1 })).toEqual(['t0']);
    expect(read({ keepLastNVersions: 2 })).toEqual(['t0', 't1']);
    expect(read({ packageTypes: ['npm'], createdBeforeInDays: 1 })).toEqual([]);
    expect(read({ excludedPackages: ['app'], createdBeforeInDays: 1 })).toEqual([]);
    const off = { key: 'k', enabled: false, searchCriteria: { packageTypes: ['docker'], createdBeforeInDays: 1 } };
    expect(dialects.artifactory.read(off, every).policies).toEqual([]);
  });
});

describe("ECR's archive", () => {
  const document = {
    rules: [
      {
        rulePriority: 1,
        description: 'cold',
        selection: {
          tagStatus: 'tagged',
          tagPatternList: ['v*'],
          countType: 'sinceImagePulled',
          countUnit: 'days',
          countNumber: 60,
        },
        action: { type: 'transition', targetStorageClass: 'archive' },
      },
      {
        rulePriority: 2,
        description: 'archived long enough',
        selection: {
          tagStatus: 'any',
          storageClass: 'archive',
          countType: 'sinceImageTransitioned',
          countUnit: 'days',
          countNumber: 365,
        },
        action: { type: 'expire' },
      },
    ],
  };

  it('is read, with its end, and written again as it was', () => {
    const { policies, losses } = dialects.ecr.read(document, every);
    expect(policies).toMatchObject([{ keepArchivedDays: 365, rules: [{ storageClass: 'ecr-archive' }, {}] }]);
    expect(losses).toEqual([expect.stringContaining('signatures')]);
    const [policy] = policies;
    expect(policy && dialects.ecr.write(policy)).toEqual({ document, losses: [] });
  });

  it('is told where a rule chooses among what lies there, and where ours goes to a bucket', () => {
    const [, end] = document.rules;
    const chosen = { ...end, selection: { ...end?.selection, tagStatus: 'untagged' } };
    expect(dialects.ecr.read({ rules: [chosen] }, every).losses.join()).toContain('chooses among');
    const { policies } = dialects.ecr.read(document, every);
    const pushed = [{ olderThan: { days: 60, since: 'pushed' as const } }];
    const rules = policies[0]?.rules.map(({ storageClass: _, ...rule }) => ({ ...rule, when: pushed })) ?? [];
    expect(policies[0] && dialects.ecr.write({ ...policies[0], rules }).losses.join()).toContain('at least 90 days');
    expect(policies[0] && dialects.quay.write(policies[0]).losses.join()).toContain('kept for a time');
  });
});
