import { z } from 'zod';
import type { Condition } from '../config.ts';
import { archiveLosses, type Dialect, parseDocument, toPolicy } from './model.ts';

const MONTH_DAYS = 30;
const number = z.int().positive().nullish();
/** JFrog's API, package cleanup policies. */
const documentSchema = z.object({
  key: z.string().min(1).max(90),
  enabled: z.boolean().default(true),
  searchCriteria: z.object({
    packageTypes: z.array(z.string()).min(1),
    repos: z.array(z.string()).default(['**']),
    excludedRepos: z.array(z.string()).default([]),
    includedPackages: z.array(z.string()).min(1).default(['**']),
    excludedPackages: z.array(z.string()).default([]),
    createdBeforeInDays: number,
    createdBeforeInMonths: number,
    lastDownloadedBeforeInDays: number,
    lastDownloadedBeforeInMonths: number,
    keepLastNVersions: z.int().nonnegative().nullish(),
  }),
});

export const artifactory: Dialect = {
  read(document, { repositories }) {
    const { key, enabled, searchCriteria: given } = parseDocument('Artifactory', documentSchema, document);
    const isOurs = given.packageTypes.some((type) => ['docker', 'oci'].includes(type.toLowerCase()));
    if (!enabled || !isOurs) return { policies: [], losses: [] };
    const losses: string[] = [];
    if (given.createdBeforeInMonths || given.lastDownloadedBeforeInMonths)
      losses.push('a month counts as 30 days here');
    const created = given.createdBeforeInDays ?? (given.createdBeforeInMonths ?? 0) * MONTH_DAYS;
    const pulled = given.lastDownloadedBeforeInDays ?? (given.lastDownloadedBeforeInMonths ?? 0) * MONTH_DAYS;
    const ages: Condition[] = [];
    if (created > 0) ages.push({ olderThan: { days: created, since: 'pushed' } });
    if (pulled > 0) ages.push({ olderThan: { days: pulled, since: 'active' } });
    if (given.keepLastNVersions) ages.push({ beyondNewest: { count: given.keepLastNVersions, by: 'pushed' } });
    if (ages.length === 0) return { policies: [], losses: ['the policy has no condition: nothing is taken from it'] };
    // All of the conditions must hold. Two of age are said by keeping what one of them spares.
    const [first, ...others] = ages as [Condition, ...Condition[]];
    const spare = others.map((condition, i) => ({
      name: `spared ${i + 1}`,
      select: { tagged: 'yes' as const },
      when: [spared(condition)],
      action: 'keep' as const,
    }));
    const within = (name: string): string => (repositories.endsWith('/**') ? repositories.slice(0, -2) + name : name);
    const policy = toPolicy('Artifactory', {
      name: `from Artifactory: ${key}`.slice(0, 100),
      repositories: [repositories],
      unit: 'tag',
      rules: [
        ...(given.excludedPackages.length > 0
          ? [{ name: 'excluded', repositories: given.excludedPackages.map(within), when: [], action: 'keep' as const }]
          : []),
        ...spare,
        {
          name: 'cleanup',
          repositories: given.includedPackages.map(within),
          select: { tagged: 'yes' as const },
          when: [first],
          action: 'expire' as const,
        },
      ],
      otherwise: 'keep',
    });
    return { policies: [policy], losses };
  },

  write(policy) {
    const losses: string[] = [...archiveLosses('Artifactory', policy)];
    const expiring = policy.rules.filter(({ action }) => action === 'expire');
    const [rule] = expiring;
    const [condition] = rule?.when ?? [];
    const { tagged, ...others } = rule?.select ?? {};
    const selects = tagged !== 'yes' || Object.values(others).some((value) => value !== undefined);
    if (policy.unit !== 'tag')
      losses.push('Artifactory looks at each version (tag), not at images with all their tags');
    if (policy.otherwise !== 'keep') losses.push('Artifactory keeps what its policy does not find');
    if (expiring.length !== 1 || policy.rules.length !== 1) losses.push('a policy of Artifactory is one rule');
    if (selects) losses.push('Artifactory selects by package, and not by tag');
    const searchCriteria: Record<string, unknown> = {
      packageTypes: ['docker', 'oci'],
      repos: ['**'],
      includedPackages: rule?.repositories ?? policy.repositories,
      excludedPackages: rule?.otherRepositories ?? [],
    };
    const { beyondNewest, olderThan, newest, youngerThan } = condition ?? {};
    const known = rule?.when.length === 1 && !newest && !youngerThan;
    if (known && olderThan?.since === 'pushed') searchCriteria.createdBeforeInDays = Math.ceil(olderThan.days);
    else if (known && olderThan?.since === 'active')
      searchCriteria.lastDownloadedBeforeInDays = Math.ceil(olderThan.days);
    else if (!known || olderThan) losses.push('the rule has a condition that Artifactory does not know');
    if (known && beyondNewest) {
      if (beyondNewest.by === 'pushed' && !beyondNewest.per) searchCriteria.keepLastNVersions = beyondNewest.count;
      else losses.push('Artifactory counts versions by date only');
    }
    return { document: { key: 'lading', enabled: false, searchCriteria }, losses };
  },
};

function spared(condition: Condition): Condition {
  if (condition.beyondNewest) return { newest: condition.beyondNewest };
  return { youngerThan: condition.olderThan };
}
