import type { ConflictRule } from './model.ts';

interface RuleShape {
  readonly name: string;
  readonly from: string;
  readonly repositories: readonly string[];
  readonly otherRepositories?: readonly string[] | undefined;
  readonly repositoryPatterns?: readonly string[] | undefined;
  readonly select?: object | undefined;
  readonly verdicts?: readonly string[] | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly to: readonly {
    readonly registry: string;
    readonly prefix: string;
    readonly namespaces?: object | undefined;
    readonly rename?: object | undefined;
  }[];
  readonly deletes?: unknown;
  readonly conflict?: ConflictRule | undefined;
  readonly via?: 'copy' | 'ecr' | undefined;
}

export interface RuleFault {
  readonly at: readonly (string | number)[];
  readonly message: string;
}

/** Which rule of the other direction goes with which: otherwise tags would go to and fro for ever. */
const OPPOSITE: Readonly<Record<ConflictRule, ConflictRule>> = {
  source: 'target',
  target: 'source',
  newest: 'newest',
  report: 'report',
};

/** What is wrong with rules together, or with one that leaves the copying to ECR. */
export function pairFaults(rules: readonly RuleShape[]): readonly RuleFault[] {
  const faults: RuleFault[] = [];
  rules.forEach((rule, i) => {
    for (const other of rules.slice(0, i)) {
      if (!copyBothWays(rule, other)) continue;
      const expected = OPPOSITE[other.conflict ?? 'source'];
      if ((rule.conflict ?? 'source') === expected) continue;
      const message = `it copies back what "${other.name}" copies, so it must say "${expected}"`;
      faults.push({ at: [i, 'conflict'], message });
    }
    if (rule.via === 'ecr') faults.push(...ecrFaults(rule).map((message) => ({ at: [i, 'via'], message })));
  });
  return faults;
}

/** Names that are mapped on the way are told apart by registry and prefix alone: rather one pair too many. */
const copyBothWays = (a: RuleShape, b: RuleShape): boolean =>
  a.from !== b.from &&
  a.to.some(({ registry, prefix }) => registry === b.from && prefix === '') &&
  b.to.some(({ registry, prefix }) => registry === a.from && prefix === '');

/** ECR copies whatever is pushed, by the beginning of its repository's name (ECR user guide, "Private image replication"). */
function ecrFaults(rule: RuleShape): readonly string[] {
  const faults: string[] = [];
  const says = (what: string): void => void faults.push(`ECR's own replication ${what}; leave it to Lading ("copy")`);
  if (rule.select || rule.platforms || rule.repositoryPatterns || rule.otherRepositories) {
    says('knows only the beginning of repository names');
  }
  if (!rule.repositories.every((glob) => /^[^*?]*\*\*$/.test(glob))) says('takes prefixes: write "**" or "team/**"');
  if (rule.to.some(({ prefix, namespaces, rename }) => prefix !== '' || namespaces || rename)) says('keeps names');
  if (rule.deletes !== undefined && rule.deletes !== 'off') says('never deletes');
  if ((rule.verdicts ?? []).length < 4) {
    says('does not wait for the gate: list all four verdicts to say that this is meant');
  }
  return faults;
}
