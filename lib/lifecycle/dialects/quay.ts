import { z } from 'zod';
import type { Condition, RetentionRule } from '../config.ts';
import { archiveLosses, type Dialect, parseDocument, toPolicy } from './model.ts';
import { deletions } from './normalize.ts';
import { globToPattern } from './patterns.ts';

const daysPer: Readonly<Record<string, number>> = { s: 1 / 86_400, m: 1 / 1440, h: 1 / 24, d: 1, w: 7, y: 365 };
const policySchema = z
  .object({
    method: z.enum(['number_of_tags', 'creation_date']),
    value: z.union([z.int(), z.string()]),
    tagPattern: z.string().nullish(),
    tagPatternMatches: z.boolean().nullish(),
  })
  .refine(
    ({ method, value }) => (method === 'number_of_tags' ? /^[1-9]\d{0,5}$/ : /^\d{1,6}[smhdwy]$/).test(String(value)),
    {
      error: 'value is a number of tags, or a time like "7d"',
    },
  );
/** Quay's API, auto-prune policies of a repository or an organisation. */
const documentSchema = z.union([
  z.array(policySchema),
  z.object({ policies: z.array(policySchema) }).transform((d) => d.policies),
]);

export const quay: Dialect = {
  read(document, { repositories }) {
    const policies = parseDocument('Quay', documentSchema, document);
    if (policies.length === 0) return { policies: [], losses: [] };
    const rules = policies.map(({ method, value, tagPattern, tagPatternMatches }, i): RetentionRule => {
      const text = String(value);
      const when: Condition =
        method === 'number_of_tags'
          ? { beyondNewest: { count: Number(text), by: 'pushed' } }
          : { olderThan: { days: Number.parseInt(text, 10) * (daysPer[text.at(-1) ?? ''] ?? 1), since: 'pushed' } };
      const patterns = tagPattern ? [tagPattern] : undefined;
      const select = patterns
        ? tagPatternMatches === false
          ? { otherTagPatterns: patterns }
          : { tagPatterns: patterns }
        : { tagged: 'yes' as const };
      return { name: `policy ${i + 1}`, select, when: [when], action: 'expire' };
    });
    const policy = toPolicy('Quay', {
      name: 'from Quay',
      repositories: [repositories],
      unit: 'tag',
      rules,
      otherwise: 'keep',
    });
    const losses =
      policies.length > 1 ? ['Quay carries out its policies one after the other; here each counts all tags'] : [];
    return { policies: [policy], losses };
  },

  write(policy) {
    const losses: string[] = [...archiveLosses('Quay', policy)];
    if (policy.unit !== 'tag') losses.push('Quay looks at each tag, not at images with all their tags');
    if (policy.otherwise !== 'keep') losses.push('Quay keeps what no policy takes');
    const steps = deletions(policy.rules);
    const last = steps.findLastIndex(({ action }) => action === 'expire');
    const document = steps.flatMap((rule, i) => {
      if (rule.action === 'archive') return [];
      if (rule.action === 'keep') {
        if (i < last)
          losses.push(`Quay's policies only prune, so that rule "${rule.name}" keeps nothing from later ones`);
        return [];
      }
      const written = writeRule(rule);
      if (!written) losses.push(`rule "${rule.name}" selects or decides by what Quay does not know`);
      return written ? [written] : [];
    });
    return { document, losses };
  },
};

function writeRule({ select, when, repositories, otherRepositories }: RetentionRule): object | undefined {
  const { tagged, tags, tagPatterns, otherTagPatterns, ...others } = select;
  if (Object.values(others).some((value) => value !== undefined) || repositories || otherRepositories) return undefined;
  if (
    tagged === 'no' ||
    tagged === 'any' ||
    [tags, tagPatterns, otherTagPatterns].filter((part) => part !== undefined).length > 1
  )
    return undefined;
  if (tagged === undefined && !tags && !tagPatterns && !otherTagPatterns) return undefined;
  const patterns = tagPatterns ?? otherTagPatterns ?? tags?.map(globToPattern);
  const [condition, ...more] = when;
  if (!condition || more.length > 0 || condition.newest || condition.youngerThan) return undefined;
  const { beyondNewest, olderThan } = condition;
  const pattern = patterns && { tagPattern: patterns.join('|'), tagPatternMatches: otherTagPatterns === undefined };
  if (
    beyondNewest &&
    !olderThan &&
    beyondNewest.by === 'pushed' &&
    beyondNewest.per === undefined &&
    beyondNewest.count > 0
  ) {
    return { method: 'number_of_tags', value: beyondNewest.count, ...pattern };
  }
  if (olderThan && !beyondNewest && olderThan.since === 'pushed') {
    return { method: 'creation_date', value: `${Math.round(olderThan.days * 86_400)}s`, ...pattern };
  }
  return undefined;
}
