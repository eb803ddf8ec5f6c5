import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import type { Condition, RetentionPolicy, RetentionRule, Selector } from '../config.ts';
import { type Dialect, parseDocument, toPolicy } from './model.ts';
import { doublestarToGlobs, doublestarToPattern } from './patterns.ts';

const selectorSchema = z.object({
  kind: z.literal('doublestar').default('doublestar'),
  decoration: z.enum(['matches', 'excludes', 'repoMatches', 'repoExcludes']),
  pattern: z.string(),
  extras: z.string().optional(),
});
const templates = [
  'always',
  'latestPushedK',
  'latestPulledN',
  'latestActiveK',
  'lastXDays',
  'nDaysSinceLastPull',
  'nDaysSinceLastPush',
] as const;
type Template = (typeof templates)[number];
const ruleSchema = z.object({
  disabled: z.boolean().default(false),
  action: z.literal('retain'),
  template: z.enum(templates),
  params: z.record(z.string(), z.unknown()).nullish(),
  tag_selectors: z.array(selectorSchema).default([]),
  scope_selectors: z.object({ repository: z.array(selectorSchema).default([]) }).default({ repository: [] }),
});
type HarborRule = z.infer<typeof ruleSchema>;
/** Harbor's API, "RetentionPolicy" (`POST /retentions`). */
const documentSchema = z.object({ algorithm: z.literal('or').default('or'), rules: z.array(ruleSchema).max(15) });

/** What Harbor takes where a rule gives no number. */
const defaults: Readonly<Record<Exclude<Template, 'always'>, number>> = {
  latestPushedK: 10,
  latestPulledN: 10,
  latestActiveK: 10,
  lastXDays: 10,
  nDaysSinceLastPull: 30,
  nDaysSinceLastPush: 30,
};

export const harbor: Dialect = {
  read(document, { repositories }) {
    const { rules } = parseDocument('Harbor', documentSchema, document);
    const losses: string[] = [];
    if (rules.some(({ template }) => template.startsWith('nDays'))) {
      losses.push('Harbor compares days in whole seconds and keeps what is exactly so old; here that one is expired');
    }
    const read = rules.filter(({ disabled }) => !disabled).map((rule, i) => toRule(rule, i, repositories));
    if (read.length === 0) return { policies: [], losses };
    const policy = toPolicy('Harbor', {
      name: 'from Harbor',
      repositories: [repositories],
      unit: 'image',
      rules: read,
      // Harbor deletes all that no rule retains.
      otherwise: 'expire',
    });
    return { policies: [policy], losses };
  },

  write(policy) {
    const losses: string[] = [];
    if (policy.unit !== 'image') losses.push('Harbor looks at artifacts with all their tags, not at each tag');
    if (policy.otherwise !== 'expire') losses.push('Harbor deletes all that no rule retains');
    return { document: { algorithm: 'or', scope: { level: 'project' }, rules: writeRules(policy, losses) }, losses };
  },
};

function toRule(rule: HarborRule, index: number, repositories: string): RetentionRule {
  const project = repositories.endsWith('/**') ? repositories.slice(0, -2) : '';
  const scope = (decoration: string): readonly string[] =>
    rule.scope_selectors.repository
      .filter((selector) => selector.decoration === decoration)
      .flatMap(({ pattern }) => {
        const globs = doublestarToGlobs(pattern);
        if (globs) return globs.map((glob) => project + glob);
        throw new LadingError('policy-unreadable', `Harbor's pattern of repositories "${pattern}" has no counterpart`);
      });
  const [only, except] = [scope('repoMatches'), scope('repoExcludes')];
  const condition = toCondition(rule);
  return {
    name: `rule ${index + 1}: ${rule.template}`,
    ...(only.length > 0 ? { repositories: [...only] } : {}),
    ...(except.length > 0 ? { otherRepositories: [...except] } : {}),
    select: toSelector(rule.tag_selectors),
    when: condition ? [condition] : [],
    action: 'keep',
  };
}

function toSelector(selectors: HarborRule['tag_selectors']): Selector {
  if (selectors.length > 1) {
    throw new LadingError('policy-unreadable', 'a rule of Harbor with several tag selectors has no counterpart');
  }
  const [selector] = selectors;
  if (!selector) return {};
  const { decoration, pattern, extras } = selector;
  const excludes = decoration === 'excludes';
  const tagged = keepsUntagged(extras, excludes) ? 'any' : 'yes';
  if (pattern === '' || pattern === '**') {
    if (!excludes) return { tagged };
    return tagged === 'any' ? { tagged: 'no' } : { tagged, otherTags: ['**'] };
  }
  const globs = doublestarToGlobs(pattern);
  if (globs) return { tagged, [excludes ? 'otherTags' : 'tags']: globs };
  const re2 = doublestarToPattern(pattern);
  if (re2 === undefined) throw new LadingError('policy-unreadable', `"${pattern}" is not a pattern of Harbor`);
  return { tagged, [excludes ? 'otherTagPatterns' : 'tagPatterns']: [re2] };
}

/** Whether the selector takes artifacts without tags: `matches` does so unless told otherwise, `excludes` as well. */
function keepsUntagged(extras: string | undefined, excludes: boolean): boolean {
  let untagged = !excludes;
  try {
    const parsed = z.object({ untagged: z.boolean() }).safeParse(JSON.parse(extras || '{}'));
    if (parsed.success) untagged = parsed.data.untagged;
  } catch {
    // Harbor overlooks extras that are not JSON too.
  }
  return excludes ? !untagged : untagged;
}

function toCondition({ template, params }: HarborRule): Condition | undefined {
  if (template === 'always') return undefined;
  const given = Number(params?.[template]);
  const number = params?.[template] !== undefined && Number.isInteger(given) && given >= 0 ? given : defaults[template];
  const days = Math.max(number, Number.MIN_VALUE);
  switch (template) {
    case 'latestPushedK':
      return { newest: { count: number, by: 'pushed' } };
    case 'latestPulledN':
      return { newest: { count: number, by: 'pulled' } };
    case 'latestActiveK':
      return { newest: { count: number, by: 'active' } };
    case 'lastXDays':
    case 'nDaysSinceLastPush':
      return { youngerThan: { days, since: 'pushed' } };
    case 'nDaysSinceLastPull':
      return { youngerThan: { days, since: 'pulled' } };
    default:
      return template satisfies never;
  }
}

function writeRules(policy: RetentionPolicy, losses: string[]): object[] {
  return policy.rules.flatMap((rule) => {
    const selector = fromSelector(rule.select);
    if (rule.action !== 'keep' || !selector) {
      losses.push(
        rule.action === 'keep'
          ? `rule "${rule.name}" selects by what Harbor does not know`
          : `rule "${rule.name}" expires, and Harbor's rules only retain`,
      );
      return [];
    }
    const scope = [
      ...(rule.repositories ?? ['**']).map((pattern) => ({ decoration: 'repoMatches', pattern })),
      ...(rule.otherRepositories ?? []).map((pattern) => ({ decoration: 'repoExcludes', pattern })),
    ].map((one) => ({ kind: 'doublestar', ...one }));
    // Any of the conditions is enough, and so is any of the rules.
    return (rule.when.length === 0 ? [{}] : rule.when).flatMap((condition) => {
      const template = fromCondition(condition);
      if (!template) losses.push(`rule "${rule.name}" has a condition that Harbor does not know`);
      return template
        ? [
            {
              disabled: false,
              action: 'retain',
              ...template,
              tag_selectors: [selector],
              scope_selectors: { repository: scope },
            },
          ]
        : [];
    });
  });
}

function fromSelector({ tagged, tags, otherTags, ...others }: Selector): object | undefined {
  if (Object.values(others).some((value) => value !== undefined) || (tags && otherTags)) return undefined;
  const globs = tags ?? otherTags ?? ['**'];
  if (globs.some((glob) => /[{}[\]\\,]/.test(glob))) return undefined;
  const pattern = globs.length === 1 ? globs[0] : `{${globs.join(',')}}`;
  const untagged = tagged === 'any' || (tagged === undefined && !tags && !otherTags);
  if (tagged === 'no') {
    return tags || otherTags
      ? undefined
      : { kind: 'doublestar', decoration: 'excludes', pattern: '**', extras: extras(false) };
  }
  return otherTags
    ? { kind: 'doublestar', decoration: 'excludes', pattern, extras: extras(!untagged) }
    : { kind: 'doublestar', decoration: 'matches', pattern, extras: extras(untagged) };
}

const extras = (untagged: boolean): string => JSON.stringify({ untagged });

function fromCondition({ newest, youngerThan, ...others }: Condition): object | undefined {
  if (Object.values(others).some((value) => value !== undefined) || (newest && youngerThan)) return undefined;
  const template = (name: Template, value: number): object => ({ template: name, params: { [name]: value } });
  if (newest) {
    if (newest.per !== undefined || newest.count >= 32_767) return undefined;
    if (newest.by === 'pushed') return template('latestPushedK', newest.count);
    if (newest.by === 'pulled') return template('latestPulledN', newest.count);
    return newest.by === 'active' ? template('latestActiveK', newest.count) : undefined;
  }
  if (!youngerThan) return { template: 'always', params: {} };
  if (!Number.isInteger(youngerThan.days)) return undefined;
  if (youngerThan.since === 'pushed') return template('lastXDays', youngerThan.days);
  return youngerThan.since === 'pulled' ? template('nDaysSinceLastPull', youngerThan.days) : undefined;
}
