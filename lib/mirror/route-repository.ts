import { type MirrorRule, ROOT_PREFIX } from './config.ts';

export interface MirrorRoute {
  readonly rule: MirrorRule;
  /** The repository here. */
  readonly repository: string;
  /** What it is called at the upstream. */
  readonly upstreamRepository: string;
}

/** The rule with the longest prefix that the repository is below, and the name at its upstream. */
export function routeRepository(rules: readonly MirrorRule[], repository: string): MirrorRoute | undefined {
  let best: MirrorRule | undefined;
  for (const rule of rules) {
    const covers = rule.prefix === ROOT_PREFIX || repository.startsWith(`${rule.prefix}/`);
    if (covers && (best === undefined || weight(rule) > weight(best))) best = rule;
  }
  if (best === undefined) return undefined;
  const rest = best.prefix === ROOT_PREFIX ? repository : repository.slice(best.prefix.length + 1);
  const upstreamRepository = best.upstreamPrefix === undefined ? rest : `${best.upstreamPrefix}/${rest}`;
  return { rule: best, repository, upstreamRepository };
}

const weight = ({ prefix }: MirrorRule): number => (prefix === ROOT_PREFIX ? 0 : prefix.length);
