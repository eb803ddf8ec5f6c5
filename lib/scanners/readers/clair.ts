import { z } from 'zod';
import type { VotedFinding } from '../model.ts';
import { digestIn, maybe, type ReportReader, severityOf, text, toVoted } from './common.ts';

/** Clair v4's vulnerability report (claircore, vulnerabilityreport.go). Keys of its maps are ids that it made. */
const schema = z.object({
  manifest_hash: text,
  packages: z.record(z.string(), z.object({ name: text, version: maybe, source: z.object({ name: maybe }).nullish() })),
  distributions: z.record(z.string(), z.object({ did: maybe })).nullish(),
  environments: z
    .record(
      z.string(),
      z.array(z.object({ package_db: maybe, introduced_in: maybe, distribution_id: maybe })).nullish(),
    )
    .nullish(),
  vulnerabilities: z.record(
    z.string(),
    z.object({ name: text, normalized_severity: maybe, fixed_in_version: maybe, links: maybe }),
  ),
  package_vulnerabilities: z.record(z.string(), z.array(text).nullish()),
});
type Report = z.infer<typeof schema>;

export const readClair: ReportReader = (value) => {
  const report = schema.safeParse(value).data;
  if (!report) return undefined;
  const lists = {
    packages: new Map(Object.entries(report.packages)),
    vulnerabilities: new Map(Object.entries(report.vulnerabilities)),
    environments: new Map(Object.entries(report.environments ?? {})),
    distributions: new Map(Object.entries(report.distributions ?? {})),
  };
  const digest = digestIn(report.manifest_hash);
  return {
    schemaVersion: 1,
    scanner: { name: 'clair', label: 'Clair' },
    image: { ...(digest ? { digest } : {}), reference: report.manifest_hash },
    covers: 'all',
    findings: Object.entries(report.package_vulnerabilities).flatMap(([id, found]) =>
      (found ?? []).flatMap((vulnerability) => toFinding(id, vulnerability, lists)),
    ),
  };
};

interface Lists {
  readonly packages: ReadonlyMap<string, Report['packages'][string]>;
  readonly vulnerabilities: ReadonlyMap<string, Report['vulnerabilities'][string]>;
  readonly environments: ReadonlyMap<string, NonNullable<Report['environments']>[string]>;
  readonly distributions: ReadonlyMap<string, NonNullable<Report['distributions']>[string]>;
}

function toFinding(id: string, vulnerabilityId: string, lists: Lists): VotedFinding[] {
  const [pkg, vulnerability] = [lists.packages.get(id), lists.vulnerabilities.get(vulnerabilityId)];
  if (!pkg || !vulnerability) return [];
  const [environment] = lists.environments.get(id) ?? [];
  const distribution = lists.distributions.get(environment?.distribution_id ?? '');
  // Names are ids, lists of ids, or titles with an id in them.
  const named = `${vulnerability.name} ${vulnerability.links ?? ''}`.match(
    /\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3})\b/g,
  );
  const { fixed_in_version: fixed } = vulnerability;
  const voted = toVoted({
    ids: named ?? [vulnerability.name],
    name: pkg.name,
    version: pkg.version,
    type: environment?.package_db?.split(':')[0]?.match(/^(?:python|maven|jar|go|gem)$/)?.[0] ?? distribution?.did,
    severity: severityOf(vulnerability.normalized_severity),
    fixed: [fixed],
    fixState: 'not-fixed',
    layer: environment?.introduced_in,
    locations: [environment?.package_db],
  });
  return voted ? [voted] : [];
}
