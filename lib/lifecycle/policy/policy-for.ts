import { matchesAnyGlob } from '../../core/glob.ts';
import type { RetentionConfig, RetentionPolicy, RetentionRule } from '../config.ts';

const keepAll: RetentionPolicy = { name: 'none', repositories: ['**'], unit: 'tag', rules: [], otherwise: 'keep' };

/** The policy of a repository, with those of its rules that are for it; where there is none, everything is kept. */
export function policyFor({ policies }: Pick<RetentionConfig, 'policies'>, repository: string): RetentionPolicy {
  const isFor = ({ repositories, otherRepositories }: RetentionRule): boolean =>
    (repositories === undefined || matchesAnyGlob(repositories, repository)) &&
    (otherRepositories === undefined || !matchesAnyGlob(otherRepositories, repository));
  for (const policy of policies) {
    if (!matchesAnyGlob(policy.repositories, repository)) continue;
    // A stable sort: rules of one priority stay in their order.
    const rules = policy.rules.filter(isFor).sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
    if (rules.length > 0) return { ...policy, rules };
  }
  return keepAll;
}
