import { z } from 'zod';
import type { Condition, RetentionPolicy, RetentionRule, Selector } from '../config.ts';
import { archiveLosses, type Dialect, parseDocument, toPolicy } from './model.ts';
import { deletions } from './normalize.ts';

/** `30d`, `12h`, or seconds as the API gives them (`2592000s`); in days. */
const duration = z
  .string()
  .regex(/^\d{1,12}(?:d|h|m|s)?$/, 'not a duration like "30d"')
  .transform((text) => {
    const perDay = { d: 1, h: 24, m: 1440, s: 86_400 }[text.at(-1) as 'd' | 'h' | 'm' | 's'] ?? 86_400;
    return Number.parseInt(text, 10) / perDay;
  });
const state = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(['any', 'tagged', 'untagged', 'tag_state_unspecified']));
const prefixes = z.array(z.string().min(1)).optional();
const conditionSchema = z.object({
  tagState: state.optional(),
  tagPrefixes: prefixes,
  versionNamePrefixes: prefixes,
  packageNamePrefixes: prefixes,
  olderThan: duration.optional(),
  newerThan: duration.optional(),
});
const policySchema = z
  .object({
    name: z.string().min(1),
    action: z
      .union([z.string(), z.object({ type: z.string() }).transform(({ type }) => type)])
      .transform((text) => text.toLowerCase())
      .pipe(z.enum(['keep', 'delete'])),
    condition: conditionSchema.optional(),
    mostRecentVersions: z.object({ packageNamePrefixes: prefixes, keepCount: z.int().positive() }).optional(),
  })
  .refine((policy) => !policy.mostRecentVersions || (policy.action === 'keep' && !policy.condition), {
    error: 'mostRecentVersions goes with the action Keep, and without a condition',
  });
type GooglePolicy = z.infer<typeof policySchema>;
/** Google Artifact Registry, "Configure cleanup policies". */
const documentSchema = z.array(policySchema).max(10);

export const google: Dialect = {
  read(document, { repositories }) {
    const policies = parseDocument('Google Artifact Registry', documentSchema, document);
    const losses: string[] = [];
    // Keep beats delete, whatever their order.
    const inOrder = [...policies].sort((a, b) => Number(a.action === 'delete') - Number(b.action === 'delete'));
    const rules = inOrder.flatMap((policy) => toRule(policy, repositories, losses));
    if (rules.length === 0) return { policies: [], losses };
    const policy = toPolicy('Google Artifact Registry', {
      name: 'from Google Artifact Registry',
      repositories: [repositories],
      unit: 'image',
      rules,
      otherwise: 'keep',
    });
    return { policies: [policy], losses };
  },

  write(policy) {
    const losses: string[] = [...archiveLosses('Artifact Registry', policy)];
    if (policy.unit !== 'image')
      losses.push('Artifact Registry looks at versions with all their tags, not at each tag');
    return { document: writePolicies(policy, losses), losses };
  },
};

function toRule(policy: GooglePolicy, repositories: string, losses: string[]): RetentionRule[] {
  const { name, action, condition = {}, mostRecentVersions } = policy;
  if (condition.versionNamePrefixes) {
    losses.push(`policy "${name}" selects by the name of versions, which for images is their digest: left out`);
    return [];
  }
  const base = repositories.endsWith('/**') ? repositories.slice(0, -2) : '';
  const packages = (mostRecentVersions ?? condition).packageNamePrefixes?.map((prefix) => `${base}${prefix}**`);
  const { olderThan, newerThan } = condition;
  const when: Condition = {
    ...(olderThan ? { olderThan: { days: olderThan, since: 'pushed' as const } } : {}),
    ...(newerThan ? { youngerThan: { days: newerThan, since: 'pushed' as const } } : {}),
    ...(mostRecentVersions ? { newest: { count: mostRecentVersions.keepCount, by: 'pushed' as const } } : {}),
  };
  return [
    {
      name: name.slice(0, 100),
      ...(packages ? { repositories: packages } : {}),
      select: toSelector(condition),
      when: Object.keys(when).length > 0 ? [when] : [],
      action: action === 'delete' ? 'expire' : 'keep',
    },
  ];
}

function toSelector({ tagState, tagPrefixes }: Partial<z.infer<typeof conditionSchema>>): Selector {
  if (tagPrefixes && tagState !== 'untagged') return { tags: tagPrefixes.map((prefix) => `${prefix}*`) };
  if (tagState === 'tagged') return { tagged: 'yes' };
  return tagState === 'untagged' ? { tagged: 'no' } : {};
}

function writePolicies(policy: RetentionPolicy, losses: string[]): object[] {
  const steps = deletions(policy.rules);
  const lastDelete = steps.findLastIndex(({ action }) => action === 'expire');
  const out: object[] = [];
  steps.forEach((rule, i) => {
    if (rule.action === 'archive') return;
    const isRest = rule.action === 'keep' && rule.when.length === 0 && i > lastDelete && policy.otherwise === 'keep';
    if (isRest) return;
    if (rule.action === 'keep' && i > steps.findIndex(({ action }) => action === 'expire') && i < lastDelete) {
      losses.push(`rule "${rule.name}" keeps after another expired, and in Artifact Registry keep always wins`);
      return;
    }
    const written = writeRule(rule);
    if (written) out.push(...written);
    else losses.push(`rule "${rule.name}" selects or decides by what Artifact Registry does not know`);
  });
  if (policy.otherwise === 'expire')
    out.push({ name: 'the-rest', action: { type: 'Delete' }, condition: { tagState: 'any' } });
  return out;
}

function writeRule(rule: RetentionRule): object[] | undefined {
  const { tagged, tags, ...others } = rule.select;
  if (Object.values(others).some((value) => value !== undefined)) return undefined;
  if (rule.repositories || rule.otherRepositories || (tags && tagged !== undefined && tagged !== 'yes'))
    return undefined;
  const tagPrefixes = tags?.map((glob) => /^([^*?]+)\*+$/.exec(glob)?.[1]);
  if (tagPrefixes?.some((prefix) => prefix === undefined)) return undefined;
  const tagState = tags || tagged === 'yes' ? 'tagged' : tagged === 'no' ? 'untagged' : 'any';
  const isKeep = rule.action === 'keep';
  const name = rule.name
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 60);
  const out: object[] = [];
  for (const [i, condition] of (rule.when.length === 0 ? [{} as Condition] : rule.when).entries()) {
    const { newest, beyondNewest, olderThan, youngerThan } = condition;
    const type = { type: isKeep ? 'Keep' : 'Delete' };
    const named = i === 0 ? name : `${name}-${i + 1}`;
    if (newest) {
      const plain = isKeep && newest.by === 'pushed' && newest.per === undefined && newest.count > 0;
      if (!plain || olderThan || youngerThan || beyondNewest || tagState !== 'any') return undefined;
      out.push({ name: named, action: type, mostRecentVersions: { keepCount: newest.count } });
      continue;
    }
    const ages = [olderThan, youngerThan].filter((age) => age !== undefined);
    if (beyondNewest || ages.some((age) => age.since !== 'pushed')) return undefined;
    const seconds = (age: { days: number }): string => `${Math.round(age.days * 86_400)}s`;
    out.push({
      name: named,
      action: type,
      condition: {
        tagState,
        ...(tagPrefixes ? { tagPrefixes } : {}),
        ...(olderThan ? { olderThan: seconds(olderThan) } : {}),
        ...(youngerThan ? { newerThan: seconds(youngerThan) } : {}),
      },
    });
  }
  return out;
}
