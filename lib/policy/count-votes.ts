import { type Ballot, compareVotes, type Vote } from '../scanners/index.ts';
import type { Finding } from '../vulnerabilities/index.ts';
import type { PolicyConfig } from './config.ts';

export const OWN_VOTER = 'lading';

export interface CountedVotes {
  readonly findings: readonly Finding[];
  /** Voters that count and have not reported. */
  readonly missing: readonly string[];
}

/**
 * The findings that count by the policy. Where Lading's own matching is the only voter, these are its findings as they
 * are. Else findings are laid side by side; one counts if enough of those who look at such packages have it. It is
 * rated as Lading rates it where it counts and has it, else by the worst rating.
 */
export function countVotes(own: readonly Finding[], votes: readonly Vote[], policy: PolicyConfig): CountedVotes {
  const { count, rule } = policy.votes;
  const missing = count.filter((voter) => voter !== OWN_VOTER && !votes.some((vote) => vote.voter === voter));
  if (count.every((voter) => voter === OWN_VOTER)) return { findings: own, missing };
  const ballots: Ballot<Finding>[] = [
    ...(count.includes(OWN_VOTER) ? [{ voter: OWN_VOTER, covers: 'all' as const, findings: own }] : []),
    ...votes.filter(({ voter }) => count.includes(voter)).map(toBallot),
  ];
  const findings = compareVotes(ballots).flatMap(({ found, dissent }) => {
    const needed = {
      any: 1,
      majority: Math.floor((found.size + dissent.length) / 2) + 1,
      all: found.size + dissent.length,
    };
    if (found.size < needed[rule]) return [];
    const all = [...found.values()];
    return found.get(OWN_VOTER) ?? all.toSorted((a, b) => rank(a) - rank(b))[0] ?? [];
  });
  return { findings, missing };
}

function toBallot({ voter, report }: Vote): Ballot<Finding> {
  const record = (id: string) => [{ source: voter, record: id }];
  const findings = report.findings.map((one): Finding => ({ ...one, sources: record(one.id) }));
  return { voter, covers: report.covers, findings };
}

const order = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'];
const rank = ({ severity }: Finding): number => order.indexOf(severity);
