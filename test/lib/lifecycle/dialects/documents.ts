import fc from 'fast-check';
import { daysAgo, type SimulatedImage } from '../policy/support.ts';

const vocabulary = ['v1', 'v1.2', 'v2', 'latest', 'main-1', 'main-2', 'dev-1', 'prod', 'prod-2', 'rc1'];
/** Never a whole number of days old, because languages differ on what is exactly so old. */
const age = fc.integer({ min: 0, max: 119 }).map((halves) => halves / 2 + 0.25);

/** Repositories in which a tag names one image, every image has a time of its own, and nothing is pulled before its push. */
export const repositories: fc.Arbitrary<readonly SimulatedImage[]> = fc
  .array(
    fc.record({
      tags: fc.uniqueArray(fc.constantFrom(...vocabulary), { maxLength: 3 }),
      pushed: age,
      pulled: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      created: age,
    }),
    { maxLength: 10 },
  )
  .map((shapes) => {
    const taken = new Set<string>();
    return shapes.map(({ tags, pushed, pulled, created }, i) => {
      const own = tags.filter((tag) => !taken.has(tag));
      for (const tag of own) taken.add(tag);
      const pushedDays = pushed + i / 1000;
      // In quarters of a day, away from whole days too.
      const pulledDays = pulled === null ? undefined : Math.floor(pulled * pushedDays) + 0.125 + i / 1000;
      return {
        id: `image-${i}`,
        tags: own,
        pushedAt: daysAgo(pushedDays),
        pulledAt: pulledDays === undefined || pulledDays > pushedDays ? undefined : daysAgo(pulledDays),
        createdAt: daysAgo(created + i / 1000),
      };
    });
  });

const days = fc.integer({ min: 1, max: 60 });
const count = fc.integer({ min: 1, max: 5 });
const globs = fc.uniqueArray(fc.constantFrom('v*', 'main-*', 'prod*', '*1', '*-*', 'latest', '*'), {
  minLength: 1,
  maxLength: 2,
});

const ecrCount = fc.oneof(
  count.map((countNumber) => ({ countType: 'imageCountMoreThan', countNumber })),
  days.map((countNumber) => ({ countType: 'sinceImagePushed', countUnit: 'days', countNumber })),
);
const ecrSelection = fc.oneof(
  { weight: 3, arbitrary: globs.map((tagPatternList) => ({ tagStatus: 'tagged', tagPatternList })) },
  fc.constantFrom('v', 'main-', 'prod').map((prefix) => ({ tagStatus: 'tagged', tagPrefixList: [prefix] })),
  fc.constant({ tagStatus: 'untagged' }),
);
const expires = { type: 'expire' };
const transitions = { type: 'transition', targetStorageClass: 'archive' };
/** By the last pull, images only go to the archive. */
const ecrDoes = fc.oneof(
  { weight: 3, arbitrary: ecrCount.map((counted) => ({ counted, action: expires })) },
  { weight: 1, arbitrary: ecrCount.map((counted) => ({ counted, action: transitions })) },
  {
    weight: 1,
    arbitrary: days.map((countNumber) => ({
      counted: { countType: 'sinceImagePulled', countUnit: 'days', countNumber },
      action: transitions,
    })),
  },
);
export const ecrDocuments = fc
  .tuple(fc.array(fc.tuple(ecrSelection, ecrDoes), { maxLength: 4 }), fc.option(ecrDoes))
  .filter(([rules, any]) => rules.length > 0 || any !== null)
  .map(([rules, any]) => ({
    rules: [
      ...rules.map(([selection, { counted, action }]) => ({ selection: { ...selection, ...counted }, action })),
      ...(any ? [{ selection: { tagStatus: 'any', ...any.counted }, action: any.action }] : []),
    ]
      .map((rule, i) => ({ rulePriority: i * 3 + 1, ...rule }))
      .reverse(),
  }));

const harborTemplate = fc.oneof(
  fc.constant({ template: 'always', params: {} }),
  fc
    .tuple(fc.constantFrom('latestPushedK', 'latestPulledN', 'latestActiveK'), count)
    .map(([template, n]) => ({ template, params: { [template]: n } })),
  fc
    .tuple(fc.constantFrom('lastXDays', 'nDaysSinceLastPush', 'nDaysSinceLastPull'), days)
    .map(([template, n]) => ({ template, params: { [template]: n } })),
);
export const harborDocuments = fc
  .array(
    fc.record({
      rule: harborTemplate,
      decoration: fc.constantFrom('matches', 'excludes'),
      pattern: fc.constantFrom('**', 'v*', '{v*,prod*}', '[mp]*', 'main-*', '*-*', 'latest'),
      untagged: fc.option(fc.boolean()),
      disabled: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((rules) => ({
    algorithm: 'or',
    rules: rules.map(({ rule, decoration, pattern, untagged, disabled }) => ({
      ...rule,
      action: 'retain',
      disabled,
      tag_selectors: [
        {
          kind: 'doublestar',
          decoration,
          pattern,
          ...(untagged === null ? {} : { extras: JSON.stringify({ untagged }) }),
        },
      ],
      scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: '**' }] },
    })),
  }));

const zotKeep = fc.record(
  {
    pulledWithin: days.map((n) => `${n * 24}h`),
    pushedWithin: days.map((n) => `${n * 24}h`),
    mostRecentlyPushedCount: count,
    mostRecentlyPulledCount: count,
  },
  { requiredKeys: [] },
);
const zotPatterns = fc.uniqueArray(fc.constantFrom('^v\\d', 'main', '-\\d$', '^latest$', 'prod.*'), { maxLength: 2 });
export const zotDocuments = fc
  .record({
    keepTags: fc.array(
      fc.tuple(zotPatterns, zotKeep).map(([patterns, keep]) => ({ patterns, ...keep })),
      { maxLength: 3 },
    ),
    deleteUntagged: fc.boolean(),
    keepUntagged: fc.option(zotKeep, { nil: undefined }),
  })
  .map((policy) => ({ policies: [{ repositories: ['**'], deleteReferrers: true, ...policy }] }));

const googleCondition = fc.record(
  {
    tagState: fc.constantFrom('any', 'tagged', 'UNTAGGED'),
    tagPrefixes: fc.uniqueArray(fc.constantFrom('v', 'main', 'prod'), { minLength: 1, maxLength: 2 }),
    olderThan: days.map((n) => `${n}d`),
    newerThan: days.map((n) => `${n * 86_400}s`),
  },
  { requiredKeys: [] },
);
export const googleDocuments = fc
  .array(
    fc.oneof(
      googleCondition.map((condition) => ({ action: { type: 'Delete' }, condition })),
      googleCondition.map((condition) => ({ action: { type: 'Keep' }, condition })),
      count.map((keepCount) => ({ action: { type: 'Keep' }, mostRecentVersions: { keepCount } })),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((policies) => policies.map((policy, i) => ({ name: `policy-${i}`, ...policy })));

const regexes = fc.constantFrom('.*', 'v.+', 'main-\\d|dev-\\d', 'prod', 'latest|v1');
export const gitlabDocuments = fc.record(
  {
    enabled: fc.constant(true),
    name_regex_delete: regexes,
    name_regex_keep: regexes.filter((regex) => regex !== '.*'),
    keep_n: count,
    older_than: days.map((n) => `${n}d`),
  },
  { requiredKeys: ['enabled', 'name_regex_delete'] },
);

export const quayDocuments = fc.array(
  fc
    .tuple(
      fc.oneof(
        count.map((value) => ({ method: 'number_of_tags', value })),
        days.map((n) => ({ method: 'creation_date', value: `${n}d` })),
      ),
      fc.option(fc.record({ tagPattern: fc.constantFrom('^v', 'main', '-\\d$'), tagPatternMatches: fc.boolean() })),
    )
    .map(([rule, pattern]) => ({ ...rule, ...(pattern ?? {}) })),
  { minLength: 1, maxLength: 3 },
);

const artifactoryCondition = fc.oneof(
  days.map((createdBeforeInDays) => ({ createdBeforeInDays })),
  days.map((lastDownloadedBeforeInDays) => ({ lastDownloadedBeforeInDays })),
  count.map((keepLastNVersions) => ({ keepLastNVersions })),
);
export const artifactoryDocuments = fc
  .record({
    conditions: fc.array(artifactoryCondition, { minLength: 1, maxLength: 2 }),
    includedPackages: fc.constantFrom(['**'], ['**'], ['app'], ['other']),
    excludedPackages: fc.constantFrom([], [], [], ['app'], ['other']),
  })
  .map(({ conditions, includedPackages, excludedPackages }) => ({
    key: 'k',
    searchCriteria: {
      packageTypes: ['docker'],
      includedPackages,
      excludedPackages,
      ...Object.assign({}, ...conditions),
    },
  }));
