import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import type { Condition, RetentionRule } from '../config.ts';
import { type Dialect, parseDocument, toPolicy } from './model.ts';
import { doublestarToGlobs, globToPattern } from './patterns.ts';

const HOUR_NS = 3600e9;
const units: ReadonlyMap<string, number> = new Map([
  ['h', HOUR_NS],
  ['m', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
]);

/** A duration of Go (`720h`, `1h30m`), in days. */
const duration = z
  .string()
  .regex(/^(?:\d{1,12}(?:\.\d{1,9})?(?:h|ms|m|s))+$/, 'not a duration like "720h"')
  .transform((text) => {
    let total = 0;
    for (const [, number, unit] of text.matchAll(/([\d.]+)(h|ms|m|s)/g))
      total += Number(number) * (units.get(unit ?? '') ?? 0);
    return total / HOUR_NS / 24;
  });
const keepShape = {
  pulledWithin: duration.optional(),
  pushedWithin: duration.optional(),
  mostRecentlyPushedCount: z.int().nonnegative().default(0),
  mostRecentlyPulledCount: z.int().nonnegative().default(0),
};
const keepSchema = z.object(keepShape);
const policySchema = z.object({
  repositories: z.array(z.string()).min(1),
  deleteReferrers: z.boolean().default(false),
  deleteUntagged: z.boolean().default(true),
  keepTags: z.array(z.object({ patterns: z.array(z.string()).default([]), ...keepShape })).default([]),
  keepUntagged: keepSchema.optional(),
});
/** zot's configuration, `storage.retention`. */
const documentSchema = z.object({ delay: duration.optional(), policies: z.array(policySchema).max(50) });

export const zot: Dialect = {
  read(document) {
    const { delay, policies } = parseDocument('zot', documentSchema, document);
    const losses = ['zot ages a tag by the push of its manifest; here a tag ages from when it was bound'];
    if (delay !== undefined) losses.push('zot waits with untagged manifests for "delay"; here "graceHours" does so');
    if (policies.some(({ deleteReferrers }) => !deleteReferrers)) {
      losses.push('referrers whose subject is gone are deleted here like what is untagged');
    }
    return {
      policies: policies.map((policy, i) =>
        toPolicy('zot', {
          name: `from zot ${i + 1}`,
          repositories: policy.repositories.flatMap(toGlobs),
          unit: 'tag',
          rules: toRules(policy),
          otherwise: 'expire',
        }),
      ),
      losses,
    };
  },

  write(policy) {
    const losses: string[] = [];
    if (policy.unit !== 'tag') losses.push('zot looks at each tag, not at images with all their tags');
    if (policy.otherwise !== 'expire') losses.push('zot deletes all that no rule keeps');
    const keepUntagged = policy.rules.filter(({ select }) => select.tagged === 'no');
    const keepTags = policy.rules.filter(({ select }) => select.tagged !== 'no');
    const untagged = keepUntagged.map((rule) => fromConditions(rule, losses));
    return {
      document: {
        policies: [
          {
            repositories: policy.repositories,
            deleteReferrers: true,
            deleteUntagged: !keepUntagged.some(({ when }) => when.length === 0),
            keepTags: writeTags(keepTags, losses),
            ...(untagged[0] && Object.keys(untagged[0]).length > 0 ? { keepUntagged: untagged[0] } : {}),
          },
        ],
      },
      losses: [...losses, ...(keepUntagged.length > 1 ? ['zot has one rule for untagged manifests'] : [])],
    };
  },
};

function toGlobs(pattern: string): readonly string[] {
  const globs = doublestarToGlobs(pattern);
  if (globs) return globs;
  throw new LadingError('policy-unreadable', `zot's pattern of repositories "${pattern}" has no counterpart`);
}

function toRules(policy: z.infer<typeof policySchema>): RetentionRule[] {
  const rules: RetentionRule[] = [];
  const claimed: string[] = [];
  for (const [i, keep] of policy.keepTags.entries()) {
    // A tag belongs to the first entry with a pattern for it; one without patterns takes all that are left.
    const select = {
      ...(keep.patterns.length > 0 ? { tagPatterns: keep.patterns } : { tagged: 'yes' as const }),
      ...(claimed.length > 0 ? { otherTagPatterns: [...claimed] } : {}),
    };
    rules.push({ name: `keepTags ${i + 1}`, select, when: toConditions(keep), action: 'keep' });
    if (keep.patterns.length === 0) break;
    claimed.push(...keep.patterns);
  }
  if (policy.keepTags.length === 0) rules.push({ name: 'tags', select: { tagged: 'yes' }, when: [], action: 'keep' });
  const untagged = policy.keepUntagged ? toConditions(policy.keepUntagged) : [];
  if (!policy.deleteUntagged || untagged.length > 0) {
    const when = policy.deleteUntagged ? untagged : [];
    rules.push({ name: 'untagged', select: { tagged: 'no' }, when, action: 'keep' });
  }
  return rules;
}

function toConditions(keep: z.infer<typeof keepSchema>): Condition[] {
  const when: Condition[] = [];
  const { pulledWithin, pushedWithin, mostRecentlyPulledCount: pulled, mostRecentlyPushedCount: pushed } = keep;
  if (pulled > 0) when.push({ newest: { count: pulled, by: 'pulled' } });
  if (pushed > 0) when.push({ newest: { count: pushed, by: 'pushed' } });
  // What was pushed lately counts as pulled lately, so that nothing goes before anyone could pull it.
  if (pulledWithin) when.push({ youngerThan: { days: pulledWithin, since: 'active' } });
  if (pushedWithin) when.push({ youngerThan: { days: pushedWithin, since: 'pushed' } });
  return when;
}

function writeTags(rules: readonly RetentionRule[], losses: string[]): object[] {
  const claimed: string[] = [];
  return rules.flatMap((rule) => {
    const { tags, tagPatterns, otherTagPatterns, tagged, ...others } = rule.select;
    const unknown = Object.values(others).some((value) => value !== undefined) || (tags && tagPatterns);
    if (unknown || rule.action !== 'keep' || tagged === 'any' || rule.repositories || rule.otherRepositories) {
      losses.push(
        rule.action === 'keep'
          ? `rule "${rule.name}" selects by what zot does not know`
          : `rule "${rule.name}" expires, and zot's rules only keep`,
      );
      return [];
    }
    const patterns = tagPatterns ?? tags?.map(globToPattern) ?? [];
    if (JSON.stringify(otherTagPatterns ?? []) !== JSON.stringify(claimed)) {
      losses.push(`in zot a tag belongs to the first rule with a pattern for it, so that "${rule.name}" may see fewer`);
    }
    claimed.push(...patterns);
    return [{ ...(patterns.length > 0 ? { patterns } : {}), ...fromConditions(rule, losses) }];
  });
}

function fromConditions(rule: RetentionRule, losses: string[]): object {
  const out: Record<string, string | number> = {};
  for (const { newest, youngerThan, ...others } of rule.when) {
    const [name, value] =
      newest && newest.per === undefined && newest.count > 0 && !youngerThan
        ? [
            newest.by === 'pushed'
              ? 'mostRecentlyPushedCount'
              : newest.by === 'pulled'
                ? 'mostRecentlyPulledCount'
                : '',
            newest.count,
          ]
        : youngerThan && !newest
          ? [
              youngerThan.since === 'pushed' ? 'pushedWithin' : youngerThan.since === 'active' ? 'pulledWithin' : '',
              `${Math.round(youngerThan.days * 86_400)}s`,
            ]
          : ['', 0];
    const known = name !== '' && !Object.values(others).some((part) => part !== undefined) && out[name] === undefined;
    if (known) out[name] = value;
    else losses.push(`rule "${rule.name}" has a condition that zot does not know`);
  }
  return out;
}
