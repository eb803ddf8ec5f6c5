import { type Assessment, assessFindings, isSettled, type SourcedStatement } from '../../vex/index.ts';
import {
  type Coverage,
  compareSeverity,
  type Finding,
  MATCHER,
  matchSnapshot,
  type SourceReport,
} from '../../vulnerabilities/index.ts';
import type { OpenedAdvisories } from './open-advisories.ts';
import type { ScanTarget } from './read-target.ts';

export type FailLevel = 'critical' | 'high' | 'medium' | 'low' | 'never';

/** A finding, and what VEX says of it. */
export type ReportedFinding = Finding & { readonly vex?: Assessment };

/** The answer of `lading scan -o json`; fields are added, and do not change. */
export interface ScanReport {
  readonly schemaVersion: 1;
  readonly target: {
    readonly name: string;
    readonly image?: string;
    readonly platform?: string;
    /** `unknown`: the SBOM does not say whether it is whole. */
    readonly sbomOutcome: NonNullable<ScanTarget['outcome']> | 'unknown';
  };
  readonly matcher: string;
  readonly advisories: {
    readonly snapshot: string;
    /** With a problem, where a file was left out. */
    readonly sources: readonly Pick<SourceReport, 'name' | 'advisories' | 'problem'>[];
  };
  readonly findings: readonly ReportedFinding[];
  /** Findings that VEX says are none: not affected, or fixed. They count for nothing, and stay to be seen. */
  readonly suppressed: readonly ReportedFinding[];
  /** What the findings can be relied on for: a package without advisories is unknown, and not clean. */
  readonly coverage: Coverage;
}

/** Matches the packages against the advisories, reading only those that can be about them. */
export async function scanTarget(
  target: ScanTarget,
  advisories: OpenedAdvisories,
  options: { readonly onlyFixed: boolean; readonly statements?: readonly SourcedStatement[] },
): Promise<ScanReport> {
  const { findings, coverage } = await matchSnapshot(advisories.store, advisories.snapshot, target.packages);
  const wanted = options.onlyFixed ? findings.filter(({ fixState }) => fixState === 'fixed') : findings;
  const image = { digest: target.image, registry: target.registry, repository: target.repository };
  const assessed = assessFindings(wanted, options.statements ?? [], image, { carryOver: true });
  const report = (settled: boolean): ReportedFinding[] =>
    assessed
      .filter((one) => isSettled(one) === settled)
      .map(({ finding, assessment }) => (assessment ? { ...finding, vex: assessment } : finding));
  return {
    schemaVersion: 1,
    target: {
      name: target.name,
      ...(target.image ? { image: target.image } : {}),
      ...(target.platform ? { platform: target.platform } : {}),
      sbomOutcome: target.outcome ?? 'unknown',
    },
    matcher: MATCHER,
    advisories: {
      snapshot: advisories.snapshot.id,
      sources: advisories.sources.map(({ name, advisories: count, problem }) => ({
        name,
        advisories: count,
        ...(problem ? { problem } : {}),
      })),
    },
    findings: report(false),
    suppressed: report(true),
    coverage,
  };
}

/** Files that begin as advisories and do not end as such; what never was any is another matter. */
const GAPS: ReadonlySet<string> = new Set(['broken', 'too-large', 'unreachable']);

/**
 * Whether the answer is no: a finding is as grave as the level or worse, or the SBOM or the advisories are known to have
 * gaps, which could hide one. A finding that nobody rated is no reason by itself; the report names it.
 */
export function failsAt(report: ScanReport, level: FailLevel): boolean {
  if (level === 'never') return false;
  const { sbomOutcome } = report.target;
  if (sbomOutcome === 'limit-exceeded' || sbomOutcome === 'unreadable') return true;
  if (report.advisories.sources.some(({ problem }) => problem && GAPS.has(problem.kind))) return true;
  return report.findings.some(({ severity }) => compareSeverity(severity, level) <= 0);
}
