import { z } from 'zod';
import type { RetentionPolicy } from '../config.ts';
import { archiveLosses, type Dialect, parseDocument, toPolicy } from './model.ts';
import { deletions } from './normalize.ts';
import { globToPattern, wholePattern } from './patterns.ts';

/** GitLab's API, `container_expiration_policy_attributes` of a project. */
const documentSchema = z.object({
  enabled: z.boolean().default(true),
  keep_n: z.int().positive().nullish(),
  older_than: z
    .string()
    .regex(/^\d{1,5}d$/, 'not a number of days like "14d"')
    .transform((text) => Number.parseInt(text, 10))
    .nullish(),
  name_regex: z.string().nullish(),
  name_regex_delete: z.string().nullish(),
  name_regex_keep: z.string().nullish(),
});

export const gitlab: Dialect = {
  read(document, { repositories }) {
    const given = parseDocument('GitLab', documentSchema, document);
    const remove = given.name_regex_delete || given.name_regex;
    if (!given.enabled || !remove) return { policies: [], losses: [] };
    const kept = given.name_regex_keep ? `latest|(?:${given.name_regex_keep})` : 'latest';
    const when = {
      ...(given.keep_n ? { beyondNewest: { count: given.keep_n, by: 'created' as const } } : {}),
      ...(given.older_than ? { olderThan: { days: given.older_than, since: 'created' as const } } : {}),
    };
    const policy = toPolicy('GitLab', {
      name: 'from GitLab',
      repositories: [repositories],
      unit: 'tag',
      rules: [
        {
          name: 'cleanup',
          select: { tagPatterns: [wholePattern(remove)], otherTagPatterns: [wholePattern(kept)] },
          when: Object.keys(when).length > 0 ? [when] : [],
          action: 'expire',
        },
      ],
      otherwise: 'keep',
    });
    return { policies: [policy], losses: [] };
  },

  write(policy) {
    const losses: string[] = [...archiveLosses('GitLab', policy)];
    const document = writeDocument(policy, losses);
    return { document, losses };
  },
};

function writeDocument(policy: RetentionPolicy, losses: string[]): object {
  if (policy.unit !== 'tag') losses.push('GitLab looks at each tag, not at images with all their tags');
  if (policy.otherwise !== 'keep') losses.push('GitLab keeps what its pattern does not match');
  const rules = deletions(policy.rules);
  const [rule, ...more] = rules.filter(({ action }) => action === 'expire');
  const after = rule ? rules.slice(rules.indexOf(rule) + 1).filter(({ action }) => action === 'keep') : [];
  const before = rules.filter(({ action }, i) => action === 'keep' && rule && i < rules.indexOf(rule));
  if (!rule) losses.push('there is no rule that expires');
  if (more.length > 0) losses.push('GitLab has one rule only');
  if (before.length > 0) losses.push(`GitLab cannot keep by rule "${before[0]?.name}" before it counts`);
  if (!rule || after.some(({ when }) => when.length > 0)) return { enabled: false };
  const { tags, tagPatterns, otherTagPatterns, tagged, ...others } = rule.select;
  if (Object.values(others).some((value) => value !== undefined) || tagged === 'no' || tagged === 'any') {
    losses.push(`rule "${rule.name}" selects by what GitLab does not know`);
  }
  const conditions = rule.when.length > 1 ? undefined : (rule.when[0] ?? {});
  const { beyondNewest, olderThan } = conditions ?? {};
  const plain =
    conditions &&
    !conditions.newest &&
    !conditions.youngerThan &&
    (!beyondNewest || (beyondNewest.by === 'created' && beyondNewest.per === undefined)) &&
    (!olderThan || (olderThan.since === 'created' && Number.isInteger(olderThan.days)));
  if (!plain)
    losses.push(`rule "${rule.name}" has a condition that GitLab does not know (it goes by date of creation)`);
  const keep = (otherTagPatterns ?? []).map(inner).filter((pattern) => pattern !== 'latest');
  if (!(otherTagPatterns ?? []).some((pattern) => new Set(inner(pattern).split('|')).has('latest'))) {
    losses.push('GitLab always keeps the tag "latest"');
  }
  return {
    enabled: true,
    name_regex_delete: (tagPatterns ?? tags?.map(globToPattern) ?? ['.*']).map(inner).join('|'),
    ...(keep.length > 0 ? { name_regex_keep: keep.join('|') } : {}),
    ...(beyondNewest ? { keep_n: beyondNewest.count } : {}),
    ...(olderThan ? { older_than: `${olderThan.days}d` } : {}),
  };
}

/** GitLab matches whole names; a pattern that is not anchored gets what may stand around it. */
function inner(pattern: string): string {
  const whole = /^\\A\(\?:([\s\S]*)\)\\z$/.exec(pattern)?.[1];
  if (whole !== undefined) return whole;
  const start = pattern.startsWith('^') ? pattern.slice(1) : `.*${pattern}`;
  return start.endsWith('$') ? start.slice(0, -1) : `${start}.*`;
}
