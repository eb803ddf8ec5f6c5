import { z } from 'zod';
import type { VotedFinding } from '../model.ts';
import { digestIn, maybe, present, type ReportReader, severityOf, text, toVoted } from './common.ts';

/** Trivy's JSON report, schema version 2 (trivy, pkg/types/report.go; trivy-db, pkg/types/status.go). */
const vulnerability = z.object({
  VulnerabilityID: text,
  VendorIDs: z.array(text).nullish(),
  PkgName: text,
  PkgPath: maybe,
  PkgIdentifier: z.object({ PURL: maybe }).nullish(),
  InstalledVersion: maybe,
  FixedVersion: maybe,
  Status: maybe,
  Layer: z.object({ Digest: maybe }).nullish(),
  Severity: maybe,
  SeveritySource: maybe,
  CVSS: z
    .record(z.string(), z.object({ V3Vector: maybe, V3Score: z.number().nullish() }))
    .nullish()
    .catch(undefined),
});
const schema = z.object({
  SchemaVersion: z.literal(2),
  CreatedAt: maybe,
  ArtifactName: text,
  Trivy: z.object({ Version: maybe }).nullish(),
  Metadata: z.object({ RepoDigests: z.array(text).nullish() }).nullish(),
  Results: z
    .array(z.object({ Target: maybe, Type: maybe, Vulnerabilities: z.array(vulnerability).max(100_000).nullish() }))
    .nullish(),
});

const states: Readonly<Record<string, VotedFinding['fixState']>> = {
  affected: 'not-fixed',
  fix_deferred: 'not-fixed',
  under_investigation: 'unknown',
  will_not_fix: 'wont-fix',
  end_of_life: 'end-of-life',
};

export const readTrivy: ReportReader = (value) => {
  const report = schema.safeParse(value).data;
  if (!report) return undefined;
  const findings = (report.Results ?? []).flatMap(({ Target, Type, Vulnerabilities }) =>
    (Vulnerabilities ?? []).flatMap((one) => {
      const cvss = one.CVSS?.[one.SeveritySource ?? ''] ?? one.CVSS?.nvd;
      return (
        toVoted({
          ids: [one.VulnerabilityID, ...(one.VendorIDs ?? [])],
          name: one.PkgName,
          version: one.InstalledVersion,
          type: Type,
          purl: one.PkgIdentifier?.PURL,
          severity: severityOf(one.Severity),
          cvss: cvss && { vector: cvss.V3Vector, score: cvss.V3Score },
          fixed: (one.FixedVersion ?? '').split(','),
          fixState: Object.hasOwn(states, one.Status ?? '') ? states[one.Status as string] : undefined,
          layer: one.Layer?.Digest,
          locations: [one.PkgPath || Target],
        }) ?? []
      );
    }),
  );
  return {
    schemaVersion: 1,
    scanner: { name: 'trivy', label: 'Trivy', ...present({ version: report.Trivy?.Version ?? undefined }) },
    image: present({
      digest: digestIn(...(report.Metadata?.RepoDigests ?? []), report.ArtifactName),
      reference: report.ArtifactName,
    }),
    ...present({ scannedAt: report.CreatedAt ?? undefined }),
    covers: 'all',
    findings,
  };
};
