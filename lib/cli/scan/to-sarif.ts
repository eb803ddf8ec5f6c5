import { createHash } from 'node:crypto';
import { type SarifLevel, type SarifResult, type SarifRule, writeSarif } from '../../formats/sarif/index.ts';
import { compareSeverity, type Severity } from '../../vulnerabilities/index.ts';
import { packageRef, remedyOf, vexText } from './describe-finding.ts';
import type { ReportedFinding, ScanReport } from './scan-target.ts';

const levels: Readonly<Record<Severity, SarifLevel>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  negligible: 'note',
  unknown: 'warning',
};
/** Middles of the bands that code hosts make of `security-severity`, for what has no score. */
const scores: Readonly<Partial<Record<Severity, number>>> = {
  critical: 9.5,
  high: 8,
  medium: 5.5,
  low: 2,
  negligible: 0,
};

/** Suppressed findings are results with a suppression, so that a host closes them instead of forgetting them. */
export function toSarif(report: ScanReport, version: string): string {
  const all = [...report.findings, ...report.suppressed];
  return writeSarif({
    tool: { name: 'Lading', version },
    rules: toRules(all),
    results: all.map((finding) => toResult(finding, report)),
    properties: {
      target: report.target.name,
      ...(report.target.image ? { imageDigest: report.target.image } : {}),
      sbomOutcome: report.target.sbomOutcome,
      advisorySnapshot: report.advisories.snapshot,
      packagesWithoutAdvisories: report.coverage.uncovered,
    },
  });
}

/** One rule for each vulnerability, of the worst severity that any of its findings has. */
function toRules(findings: readonly ReportedFinding[]): readonly SarifRule[] {
  const byId = new Map<string, ReportedFinding[]>();
  for (const finding of findings) byId.set(finding.id, [...(byId.get(finding.id) ?? []), finding]);
  return [...byId].map(([id, own]) => {
    const [worst] = own.toSorted((a, b) => compareSeverity(a.severity, b.severity)) as [ReportedFinding];
    const score = worst.cvss?.score ?? scores[worst.severity];
    const packages = [...new Set(own.map((one) => `${one.package.name}: ${remedyOf(one)}`))];
    return {
      id,
      title: `${id} in ${[...new Set(own.map((one) => one.package.name))].join(', ')}`,
      help: [`Also known as ${worst.aliases.join(', ') || 'nothing else'}.`, ...packages].join('\n'),
      helpUri: `https://osv.dev/vulnerability/${encodeURIComponent(id)}`,
      level: levels[worst.severity],
      ...(score === undefined ? {} : { securitySeverity: score }),
      tags: ['security', 'vulnerability', worst.severity],
    };
  });
}

function toResult(finding: ReportedFinding, { target }: ScanReport): SarifResult {
  const { id, severity, package: pkg, locations, vex } = finding;
  const settled = vex?.status === 'not_affected' || vex?.status === 'fixed';
  const key = JSON.stringify([id, packageRef(finding), locations[0]]);
  return {
    ruleId: id,
    level: levels[severity],
    message: `${pkg.name} ${pkg.version} in ${target.name} has ${id} (${severity}). ${remedyOf(finding)}`,
    path: locations[0] ?? pkg.name,
    logicalName: packageRef(finding),
    fingerprint: createHash('sha256').update(key).digest('hex').slice(0, 32),
    ...(settled ? { suppression: { justification: vexText(finding) ?? '' } } : {}),
    properties: {
      fixState: finding.fixState,
      fixedVersions: finding.fixedVersions,
      ...(finding.layer ? { layer: finding.layer } : {}),
      ...(finding.origin ? { origin: finding.origin } : {}),
      ...(vex ? { vex: vexText(finding) } : {}),
    },
  };
}
