import { z } from 'zod';
import type { VotedFinding } from '../model.ts';
import { digestIn, maybe, type ReportReader, severityOf, text, toVoted } from './common.ts';

/** `snyk container test --json` (Snyk CLI documentation, "JSON output"): packages of the distribution, then applications. */
const vulnerability = z.object({
  id: text,
  packageName: maybe,
  name: maybe,
  version: maybe,
  severity: maybe,
  cvssScore: z.number().nullish(),
  CVSSv3: maybe,
  identifiers: z.object({ CVE: z.array(text).nullish(), GHSA: z.array(text).nullish() }).nullish(),
  nearestFixedInVersion: maybe,
  fixedIn: z.array(text).nullish().catch(undefined),
});
const project = z.object({
  vulnerabilities: z.array(vulnerability).max(100_000),
  packageManager: maybe,
  displayTargetFile: maybe,
});
const schema = project.extend({
  ok: z.boolean(),
  path: maybe,
  applications: z.array(project).max(1000).nullish(),
  docker: z.unknown().optional(),
});

export const readSnyk: ReportReader = (value) => {
  // Several projects in one run are a list of reports.
  const reports = z
    .array(schema)
    .min(1)
    .max(1000)
    .safeParse(Array.isArray(value) ? value : [value]).data;
  const [first] = reports ?? [];
  if (!first) return undefined;
  const projects = (reports ?? []).flatMap((report) => [report, ...(report.applications ?? [])]);
  const digest = digestIn(first.path);
  return {
    schemaVersion: 1,
    scanner: { name: 'snyk', label: 'Snyk' },
    image: { ...(digest ? { digest } : {}), ...(first.path ? { reference: first.path } : {}) },
    covers: 'all',
    findings: dedupe(projects.flatMap((one) => one.vulnerabilities.flatMap((found) => toFinding(found, one) ?? []))),
  };
};

function toFinding(one: z.infer<typeof vulnerability>, of: z.infer<typeof project>): VotedFinding | undefined {
  const { CVE, GHSA } = one.identifiers ?? {};
  return toVoted({
    ids: [...(CVE ?? []), ...(GHSA ?? []), one.id],
    name: one.packageName ?? one.name ?? '',
    version: one.version,
    type: of.packageManager,
    severity: severityOf(one.severity),
    cvss: { vector: one.CVSSv3, score: one.cvssScore },
    fixed: [one.nearestFixedInVersion, ...(one.fixedIn ?? [])],
    fixState: 'not-fixed',
    locations: [of.displayTargetFile],
  });
}

/** The same vulnerability is listed once for each path that leads to the package. */
function dedupe(findings: readonly VotedFinding[]): VotedFinding[] {
  return [...new Map(findings.map((one) => [JSON.stringify([one.id, one.package]), one])).values()];
}
