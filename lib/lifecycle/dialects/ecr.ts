import { z } from 'zod';
import type { Condition, RetentionPolicy, RetentionRule, Selector } from '../config.ts';
import { type Dialect, parseDocument, toPolicy } from './model.ts';
import { deletions } from './normalize.ts';

/** Amazon ECR User Guide, "Lifecycle policy properties". */
const selectionSchema = z
  .strictObject({
    tagStatus: z.enum(['tagged', 'untagged', 'any']),
    tagPatternList: z.array(z.string().regex(/^[^*]*(?:\*[^*]*){0,4}$/, 'a pattern has at most four *')).optional(),
    tagPrefixList: z.array(z.string()).optional(),
    storageClass: z.enum(['standard', 'archive']).optional(),
    countType: z.enum(['imageCountMoreThan', 'sinceImagePushed', 'sinceImagePulled', 'sinceImageTransitioned']),
    countUnit: z.literal('days').optional(),
    countNumber: z.int().positive(),
  })
  .refine((s) => (s.tagStatus === 'tagged') === (s.tagPatternList ?? s.tagPrefixList ?? []).length > 0, {
    error: 'tagPatternList or tagPrefixList goes with tagStatus "tagged", and only with it',
  })
  .refine((s) => !(s.tagPatternList && s.tagPrefixList), {
    error: 'tagPatternList and tagPrefixList exclude each other',
  })
  .refine((s) => (s.countType === 'imageCountMoreThan') === (s.countUnit === undefined), {
    error: 'countUnit "days" goes with the counts of time, and only with them',
  });
const ruleSchema = z.object({
  rulePriority: z.int().positive(),
  description: z.string().optional(),
  selection: selectionSchema,
  action: z.object({ type: z.enum(['expire', 'transition']), targetStorageClass: z.literal('archive').optional() }),
});
type EcrRule = z.infer<typeof ruleSchema>;
const documentSchema = z
  .object({ rules: z.array(ruleSchema).min(1).max(50) })
  .refine(({ rules }) => new Set(rules.map((rule) => rule.rulePriority)).size === rules.length, {
    error: 'two rules have the same rulePriority',
  })
  .refine(
    ({ rules }) => byPriority(rules).every((r, i, all) => r.selection.tagStatus !== 'any' || i === all.length - 1),
    {
      error: 'a rule with tagStatus "any" must have the highest rulePriority',
    },
  );

const byPriority = (rules: readonly EcrRule[]): EcrRule[] => [...rules].sort((a, b) => a.rulePriority - b.rulePriority);

/** More images than a repository holds (quota: 100,000): a rule that keeps everything it selects from later rules. */
const NEVER = 10_000_000;

export const ecr: Dialect = {
  read(document, { repositories }) {
    const { rules } = parseDocument('ECR', documentSchema, document);
    const losses = [
      'ECR counts signatures and the platforms of an index as images of their own; here they belong to what they are about',
    ];
    const read: RetentionRule[] = [];
    let keepArchivedDays: number | undefined;
    for (const { rulePriority, description, selection, action } of byPriority(rules)) {
      const name = (description || `rule ${rulePriority}`).slice(0, 90);
      const select = toSelector(selection);
      if (selection.storageClass === 'archive') {
        // All that lies in the archive for so long goes; any other choice among it has no counterpart.
        if (keepArchivedDays === undefined && isArchiveEnd(selection)) keepArchivedDays = selection.countNumber;
        else losses.push(`rule ${rulePriority} chooses among what lies in ECR's archive, which is left alone here`);
        continue;
      }
      const when = [toCondition(selection)];
      const does =
        action.type === 'transition'
          ? { action: 'archive' as const, storageClass: 'ecr-archive' as const }
          : { action: 'expire' as const };
      read.push({ name, select, when, ...does });
      // What a rule selects is out of reach of all later rules, whether it expires or not.
      read.push({ name: `${name} (kept)`, select, when: [], action: 'keep' });
    }
    const policy = toPolicy('ECR', {
      name: 'from ECR',
      repositories: [repositories],
      unit: 'image',
      rules: read.length > 0 ? read : [{ name: 'all of it', action: 'keep' }],
      ...(keepArchivedDays === undefined ? {} : { keepArchivedDays }),
      otherwise: 'keep',
    });
    return { policies: [policy], losses };
  },

  write(policy) {
    const losses: string[] = [];
    if (policy.unit !== 'image') losses.push('ECR looks at images with all their tags, not at each tag');
    if (policy.otherwise !== 'keep') losses.push('ECR cannot expire what no rule selects');
    const written = writeRules(policy, losses);
    return { document: { rules: written }, losses };
  },
};

/** ECR takes no less than the 90 days that it bills in any case. */
const isArchiveEnd = ({ tagStatus, countType, countNumber }: EcrRule['selection']): boolean =>
  tagStatus === 'any' && countType === 'sinceImageTransitioned' && countNumber >= 90;

const toSelector = ({ tagStatus, tagPatternList, tagPrefixList }: EcrRule['selection']): Selector => {
  if (tagStatus === 'any') return {};
  if (tagStatus === 'untagged') return { tagged: 'no' };
  return { allTags: tagPatternList ?? (tagPrefixList ?? []).map((prefix) => `${prefix}*`) };
};

function toCondition({ countType, countNumber }: EcrRule['selection']): Condition {
  switch (countType) {
    case 'imageCountMoreThan':
      return { beyondNewest: { count: countNumber, by: 'pushed' } };
    case 'sinceImagePushed':
      return { olderThan: { days: countNumber, since: 'pushed' } };
    case 'sinceImagePulled':
    case 'sinceImageTransitioned':
      // An image that was never pulled counts from its push.
      return { olderThan: { days: countNumber, since: 'active' } };
    default:
      return countType satisfies never;
  }
}

function writeRules(policy: RetentionPolicy, losses: string[]): object[] {
  const written: object[] = [];
  const add = (name: string, selection: object, action: object = { type: 'expire' }): void => {
    written.push({ rulePriority: written.length + 1, description: name, selection, action });
  };
  const steps = deletions(policy.rules);
  steps.forEach((rule, i) => {
    const selection = fromSelector(rule.select);
    if (!selection || rule.repositories || rule.otherRepositories) {
      losses.push(`rule "${rule.name}" selects by what ECR does not know`);
      return;
    }
    if (rule.action === 'keep') {
      if (rule.when.length > 0) losses.push(`rule "${rule.name}" keeps under a condition, and ECR's rules only expire`);
      else if (!sameSelection(steps[i - 1], rule)) {
        add(rule.name, { ...selection, countType: 'imageCountMoreThan', countNumber: NEVER });
      }
      return;
    }
    const counts = rule.when.map((condition) => fromCondition(condition, rule.storageClass !== undefined));
    const [count] = counts;
    if (counts.length !== 1 || !count) losses.push(`rule "${rule.name}" has a condition that ECR does not know`);
    else {
      const isArchive = rule.action === 'archive';
      if (isArchive && rule.storageClass === undefined)
        losses.push(`rule "${rule.name}" archives in the same registry in ECR, for at least 90 days`);
      const transition = { type: 'transition', targetStorageClass: 'archive' };
      add(rule.name, { ...selection, ...count }, isArchive ? transition : undefined);
      const later = steps.slice(i + 1).some((other) => other.action !== 'keep');
      if (later && !sameSelection(rule, steps[i + 1])) {
        losses.push(`what rule "${rule.name}" selects and does not expire is out of reach of the later rules in ECR`);
      }
    }
  });
  if (policy.keepArchivedDays !== undefined) {
    const since = { countType: 'sinceImageTransitioned', countUnit: 'days', countNumber: policy.keepArchivedDays };
    add('archived long enough', { tagStatus: 'any', storageClass: 'archive', ...since });
  }
  const anyFirst = written.slice(0, -1).some((rule) => JSON.stringify(rule).includes('"tagStatus":"any"'));
  if (anyFirst) losses.push('a rule for any image must be the last one in ECR');
  return written;
}

const sameSelection = (a: RetentionRule | undefined, b: RetentionRule | undefined): boolean =>
  a !== undefined && b !== undefined && JSON.stringify(a.select) === JSON.stringify(b.select);

function fromSelector({ tagged, tags, allTags, ...others }: Selector): object | undefined {
  if (Object.values(others).some((value) => value !== undefined)) return undefined;
  const patterns = allTags ?? (tags?.length === 1 ? tags : undefined);
  if (tags && (tags.length > 1 || allTags)) return undefined;
  if (!patterns) {
    if (tagged === 'yes') return { tagStatus: 'tagged', tagPatternList: ['*'] };
    return { tagStatus: tagged === 'no' ? 'untagged' : 'any' };
  }
  if (tagged !== undefined && tagged !== 'yes') return undefined;
  // A tag has no slash, so one star and two say the same of it.
  const tagPatternList = patterns.map((glob) => glob.replace(/\*+/g, '*'));
  if (tagPatternList.some((glob) => glob.includes('?') || glob.split('*').length > 5)) return undefined;
  return { tagStatus: 'tagged', tagPatternList };
}

function fromCondition(
  { newest, beyondNewest, olderThan, youngerThan }: Condition,
  isTransition: boolean,
): object | undefined {
  if (newest || youngerThan || (beyondNewest && olderThan)) return undefined;
  if (beyondNewest) {
    const { count, by, per } = beyondNewest;
    return by === 'pushed' && per === undefined && count > 0
      ? { countType: 'imageCountMoreThan', countNumber: count }
      : undefined;
  }
  if (olderThan === undefined || !Number.isInteger(olderThan.days)) return undefined;
  // ECR goes by pulls only where it archives; what was never pulled counts from its push, as here.
  if (olderThan.since === 'active' && isTransition) {
    return { countType: 'sinceImagePulled', countUnit: 'days', countNumber: olderThan.days };
  }
  if (olderThan.since !== 'pushed') return undefined;
  return { countType: 'sinceImagePushed', countUnit: 'days', countNumber: olderThan.days };
}
