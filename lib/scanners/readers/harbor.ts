import { z } from 'zod';
import { digestIn, maybe, present, type ReportReader, severityOf, text, toVoted } from './common.ts';

/** Harbor's pluggable scanner API 1.1/1.2, "HarborVulnerabilityReport"; Harbor itself answers with it by media type. */
const body = z.object({
  generated_at: maybe,
  artifact: z.object({ repository: maybe, digest: maybe }).nullish(),
  scanner: z.object({ name: text, vendor: maybe, version: maybe }),
  vulnerabilities: z
    .array(
      z.object({
        id: text,
        package: text,
        version: maybe,
        fix_version: maybe,
        severity: maybe,
        artifact_digests: z.array(text).nullish(),
        preferred_cvss: z.object({ score_v3: z.number().nullish(), vector_v3: maybe }).nullish().catch(undefined),
      }),
    )
    .max(100_000)
    .nullish(),
});
const MEDIA_TYPE =
  /^application\/vnd\.(?:security\.vulnerability\.report|scanner\.adapter\.vuln\.report\.harbor\+json); version=1\.\d$/;

export const readHarbor: ReportReader = (value) => {
  const report = body.safeParse(unwrap(value)).data;
  if (!report) return undefined;
  const { scanner, artifact } = report;
  return {
    schemaVersion: 1,
    scanner: {
      name: 'harbor',
      label: `Harbor (${scanner.name})`.slice(0, 100),
      ...present({ version: scanner.version ?? undefined }),
    },
    image: present({ digest: digestIn(artifact?.digest), reference: artifact?.repository ?? undefined }),
    ...present({ scannedAt: report.generated_at ?? undefined }),
    covers: 'all',
    findings: (report.vulnerabilities ?? []).flatMap(
      (one) =>
        toVoted({
          ids: [one.id],
          name: one.package,
          version: one.version,
          severity: severityOf(one.severity),
          cvss: one.preferred_cvss
            ? { vector: one.preferred_cvss.vector_v3, score: one.preferred_cvss.score_v3 }
            : undefined,
          fixed: (one.fix_version ?? '').split(','),
          fixState: 'not-fixed',
          locations: [],
        }) ?? [],
    ),
  };
};

function unwrap(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const wrapped = Object.entries(value).find(([name]) => MEDIA_TYPE.test(name));
  return wrapped ? wrapped[1] : value;
}
