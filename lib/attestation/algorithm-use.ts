import type { SignatureAlgorithm } from '../signing/index.ts';
import type { AlgorithmUse, TrustConfig } from './config.ts';

/** The rule that holds at a time: the one whose day came last. */
export function algorithmUseAt({ algorithms }: Pick<TrustConfig, 'algorithms'>, now: Date): AlgorithmUse {
  const begun = algorithms
    .filter(({ from }) => new Date(from) <= now)
    .toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from));
  return begun.at(-1)?.use ?? 'classic';
}

export type AlgorithmFamily = 'classic' | 'pq';

/** FIPS 204 is the only post-quantum family that is signed with; what is not known to be of it is not. */
export const familyOf = (algorithm: SignatureAlgorithm | string): AlgorithmFamily =>
  algorithm.startsWith('ml-dsa-') ? 'pq' : 'classic';

export function familiesOf(use: AlgorithmUse): readonly AlgorithmFamily[] {
  return use === 'both' ? ['classic', 'pq'] : [use];
}

/** Families of which no key has vouched, though the rule asks for one. */
export const missingFamilies = (use: AlgorithmUse, algorithms: readonly string[]): readonly AlgorithmFamily[] =>
  familiesOf(use).filter((family) => !algorithms.some((algorithm) => familyOf(algorithm) === family));
