import { z } from 'zod';
import { digestSchema } from '../events/index.ts';

/** Scanners whose reports are understood; `sarif` is any other that writes SARIF. */
export const scannerNames = [
  'trivy',
  'grype',
  'clair',
  'docker-scout',
  'snyk',
  'ecr-basic',
  'inspector',
  'harbor',
  'sarif',
] as const;
export type ScannerName = (typeof scannerNames)[number];

const severitySchema = z.enum(['critical', 'high', 'medium', 'low', 'negligible', 'unknown']);
export type VoteSeverity = z.infer<typeof severitySchema>;

/** One finding of another scanner, in the words that all have in common. */
export const votedFindingSchema = z.object({
  id: z.string().min(1).max(200),
  aliases: z.array(z.string().max(200)).max(100),
  package: z.object({
    name: z.string().max(500),
    version: z.string().max(500),
    /** The purl type, where the report tells the ecosystem. */
    type: z.string().max(50),
    purl: z.string().max(2000).optional(),
  }),
  severity: severitySchema,
  cvss: z.object({ vector: z.string().max(200), score: z.number() }).optional(),
  fixedVersions: z.array(z.string().max(500)).max(50),
  fixState: z.enum(['fixed', 'not-fixed', 'wont-fix', 'end-of-life', 'unknown']),
  layer: z.string().max(200).optional(),
  locations: z.array(z.string().max(4096)).max(20),
});
export type VotedFinding = z.infer<typeof votedFindingSchema>;

/** What a scanner said of one image, with what it went by. */
export const scannerReportSchema = z.object({
  schemaVersion: z.literal(1),
  scanner: z.object({
    name: z.enum(scannerNames),
    label: z.string().max(100),
    version: z.string().max(100).optional(),
  }),
  /** Its advisories: their version, or when they were built, as the report says. */
  database: z.object({ version: z.string().max(300).optional(), builtAt: z.string().max(100).optional() }).optional(),
  /** The image as the report names it. */
  image: z.object({ digest: digestSchema.optional(), reference: z.string().max(1000).optional() }),
  scannedAt: z.string().max(100).optional(),
  /** `os`: it looks at packages of distributions only, so its silence about others says nothing. */
  covers: z.enum(['all', 'os']),
  findings: z.array(votedFindingSchema).max(100_000),
});
export type ScannerReport = z.infer<typeof scannerReportSchema>;

/** A report as it was taken in for an image. */
export const voteSchema = z.object({
  /** `trivy`, …; of SARIF from other tools, `sarif:<tool>`. */
  voter: z.string().min(1).max(120),
  report: scannerReportSchema,
  /** How it came: handed in, fetched because its scanner told of it, or asked for by a run of ours. */
  via: z.enum(['file', 'event', 'run']),
  receivedAt: z.iso.datetime(),
});
export type Vote = z.infer<typeof voteSchema>;

/** Who votes: a tool without a reader of its own is known by the name that it gives itself. */
export function voterOf({ scanner }: ScannerReport): string {
  if (scanner.name !== 'sarif') return scanner.name;
  const name = scanner.label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `sarif:${name || 'unnamed'}`;
}

/** purl types of what distributions ship. */
export const osTypes: ReadonlySet<string> = new Set(['deb', 'rpm', 'apk', 'alpm']);
