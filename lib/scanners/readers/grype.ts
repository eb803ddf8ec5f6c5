import { z } from 'zod';
import type { VotedFinding } from '../model.ts';
import { digestIn, maybe, present, type ReportReader, severityOf, text, toVoted } from './common.ts';

/** Grype's JSON report (grype, grype/presenter/models). The place of the database's age differs between versions. */
const match = z.object({
  vulnerability: z.object({
    id: text,
    severity: maybe,
    cvss: z
      .array(z.object({ vector: maybe, metrics: z.object({ baseScore: z.number().nullish() }).nullish() }))
      .nullish()
      .catch(undefined),
    fix: z.object({ versions: z.array(text).nullish(), state: maybe }).nullish(),
  }),
  relatedVulnerabilities: z.array(z.object({ id: text })).nullish(),
  artifact: z.object({
    name: text,
    version: maybe,
    type: maybe,
    purl: maybe,
    locations: z.array(z.object({ path: maybe, layerID: maybe })).nullish(),
  }),
});
const database = z.object({
  built: maybe,
  schemaVersion: z.union([text, z.number()]).nullish(),
  status: z.object({ built: maybe, schemaVersion: z.union([text, z.number()]).nullish(), from: maybe }).nullish(),
});
const schema = z.object({
  matches: z.array(match).max(100_000),
  source: z
    .object({
      target: z
        .union([text, z.object({ userInput: maybe, manifestDigest: maybe, repoDigests: z.array(text).nullish() })])
        .nullish(),
    })
    .nullish(),
  descriptor: z.object({
    name: z.literal('grype'),
    version: maybe,
    timestamp: maybe,
    db: database.nullish().catch(undefined),
  }),
});

const states: ReadonlySet<string> = new Set(['fixed', 'not-fixed', 'wont-fix', 'unknown']);

export const readGrype: ReportReader = (value) => {
  const report = schema.safeParse(value).data;
  if (!report) return undefined;
  const { descriptor } = report;
  const target =
    typeof report.source?.target === 'string' ? { userInput: report.source.target } : report.source?.target;
  const { built, schemaVersion } = { ...descriptor.db, ...descriptor.db?.status };
  const digest = digestIn(
    ...((target && 'repoDigests' in target ? target.repoDigests : undefined) ?? []),
    target && 'manifestDigest' in target ? target.manifestDigest : undefined,
  );
  return {
    schemaVersion: 1,
    scanner: { name: 'grype', label: 'Grype', ...present({ version: descriptor.version ?? undefined }) },
    ...(built
      ? { database: present({ version: schemaVersion ? `schema ${schemaVersion}` : undefined, builtAt: built }) }
      : {}),
    image: present({ digest, reference: target?.userInput ?? undefined }),
    ...present({ scannedAt: descriptor.timestamp ?? undefined }),
    covers: 'all',
    findings: report.matches.flatMap(toFinding),
  };
};

function toFinding({ vulnerability, relatedVulnerabilities, artifact }: z.infer<typeof match>): VotedFinding[] {
  const best = (vulnerability.cvss ?? []).find(({ vector }) => vector);
  const state = vulnerability.fix?.state ?? 'unknown';
  const found = toVoted({
    ids: [vulnerability.id, ...(relatedVulnerabilities ?? []).map(({ id }) => id)],
    name: artifact.name,
    version: artifact.version,
    type: artifact.type,
    purl: artifact.purl,
    severity: severityOf(vulnerability.severity),
    cvss: best && { vector: best.vector, score: best.metrics?.baseScore },
    fixed: vulnerability.fix?.versions ?? [],
    fixState: states.has(state) ? (state as VotedFinding['fixState']) : 'unknown',
    layer: artifact.locations?.[0]?.layerID,
    locations: (artifact.locations ?? []).map(({ path }) => path),
  });
  return found ? [found] : [];
}
