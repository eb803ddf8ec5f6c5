import { matchesAnyGlob } from '../core/glob.ts';
import { isRepositoryName } from '../core/image-reference.ts';
import type { ReplicationConfig } from './config.ts';
import type { RepositoryAddress } from './model.ts';

export interface ReplicationTarget extends RepositoryAddress {
  /** The first rule that names it. */
  readonly rule: string;
}

/**
 * Where the images of a repository are to be copied, by the rules in their order, each place once. A repository is
 * never a target of itself, and a name that the prefix makes too long to be one is left out.
 */
export function replicationTargets(config: ReplicationConfig, of: RepositoryAddress): readonly ReplicationTarget[] {
  const targets = new Map<string, ReplicationTarget>();
  for (const rule of config.rules) {
    if (rule.from !== of.registry || !matchesAnyGlob(rule.repositories, of.repository)) continue;
    for (const { registry, prefix } of rule.to) {
      const repository = `${prefix}${of.repository}`;
      const key = `${registry}/${repository}`;
      const isSelf = registry === of.registry && repository === of.repository;
      if (isSelf || targets.has(key) || !isRepositoryName(repository)) continue;
      targets.set(key, { registry, repository, rule: rule.name });
    }
  }
  return [...targets.values()];
}
