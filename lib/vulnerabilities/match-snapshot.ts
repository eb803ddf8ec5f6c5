import { lookupsOf, type MatchResult, matchPackages } from './match-packages.ts';
import { FACTS, type Facts, type Finding, type MatchablePackage, RELEASES, type Snapshot } from './model.ts';
import type { AdvisoryStore } from './ports.ts';
import { ratingOfVector } from './severity.ts';
import { emptyView, openFacts, openSnapshot } from './snapshot.ts';
import { isCve } from './vulnerability-ids.ts';

/** Matches packages against a snapshot, reading the shards that can be about them and the facts about what was found. */
export async function matchSnapshot(
  store: Pick<AdvisoryStore, 'loadShards'>,
  snapshot: Snapshot | undefined,
  packages: readonly MatchablePackage[],
): Promise<MatchResult> {
  if (snapshot === undefined) return matchPackages(packages, emptyView);
  const matched = matchPackages(packages, await openSnapshot(store, snapshot, lookupsOf(packages)));
  const ids = new Set(matched.findings.flatMap(idsOf));
  const factsOf = await openFacts(store, snapshot, [
    ...[...ids].map((name) => ({ ecosystem: FACTS, name })),
    ...matched.coverage.ecosystems.map(({ name }) => ({ ecosystem: RELEASES, name })),
  ]);
  return {
    findings: matched.findings.map((finding) =>
      withFacts(
        finding,
        idsOf(finding).flatMap((id) => factsOf(FACTS, id)),
      ),
    ),
    coverage: {
      ...matched.coverage,
      ecosystems: matched.coverage.ecosystems.map((one) => {
        const day = factsOf(RELEASES, one.name)
          .flatMap(({ endOfLife }) => endOfLife ?? [])
          .sort()
          .at(-1);
        return day === undefined ? one : { ...one, endOfLife: day };
      }),
    },
  };
}

const idsOf = ({ id, aliases }: Finding): readonly string[] => [id, ...aliases].filter(isCve);

/** Whose base rating counts where the advisories about the package have none: who assigned the CVE knows it best. */
const RATERS = ['cna', 'nvd', 'adp'] as const;
const EXPLOITATION = ['active', 'poc', 'none'] as const;

function withFacts(finding: Finding, facts: readonly Facts[]): Finding {
  if (facts.length === 0) return finding;
  const vectors = facts.flatMap(({ cvss }) => cvss ?? []);
  const ratings = new Map(
    vectors.map((one) => {
      const { by, vector, score } = one;
      return [`${by} ${vector}`, { by, severity: ratingOfVector(vector, score), cvss: { vector, score } }] as const;
    }),
  );
  const outside = [...ratings.values()].sort(
    (a, b) => rank(a.by) - rank(b.by) || compare(b.cvss.vector, a.cvss.vector),
  );
  const best = finding.severity === 'unknown' ? outside[0] : undefined;
  const known = facts
    .flatMap(({ knownExploited }) => knownExploited ?? [])
    .sort((a, b) => compare(a.added, b.added))[0];
  const epss = facts.flatMap((one) => one.epss ?? []).sort((a, b) => b.score - a.score)[0];
  const stages = new Set(facts.flatMap(({ exploitation }) => exploitation ?? []));
  const exploitation = EXPLOITATION.find((stage) => stages.has(stage));
  const all = [...ownRating(finding), ...outside];
  return {
    ...finding,
    ...(best ? { severity: best.severity, cvss: best.cvss } : {}),
    ...(all.length > 1 ? { ratings: all } : {}),
    ...(known ? { knownExploited: known } : {}),
    ...(epss ? { epss } : {}),
    ...(exploitation ? { exploitation } : {}),
  };
}

const rank = (by: string): number => {
  const index = (RATERS as readonly string[]).indexOf(by);
  return index < 0 ? RATERS.length : index;
};
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function ownRating({ ratings, severity, cvss, sources }: Finding): NonNullable<Finding['ratings']> {
  if (ratings) return ratings;
  return severity === 'unknown' ? [] : [{ by: sources[0]?.record ?? 'advisory', severity, ...(cvss ? { cvss } : {}) }];
}
