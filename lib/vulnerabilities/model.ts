import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { digestSchema, scanCompleted, subjectSchema } from '../events/index.ts';
import { type VersionSchemeName, versionSchemeNames } from '../formats/versions/index.ts';

/** From worst to mildest; `unknown` is the absence of a rating and sorts last, never "none". */
export const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
const severitySchema = z.enum(severities);
export type Severity = z.infer<typeof severitySchema>;

const schemeSchema = z.enum(versionSchemeNames as [VersionSchemeName, ...VersionSchemeName[]]);
const cvssSchema = z.object({ vector: z.string(), score: z.number() });

/** What one record of one source says about one package. */
const advisoryEntrySchema = z.object({
  /** The record's own id in its source. */
  record: z.string(),
  /** All names of the vulnerability, the preferred one (CVE) first. */
  ids: z.array(z.string()).min(1),
  /** A distribution's advisory that fixes several: each of the ids is a vulnerability of its own. */
  bundle: z.boolean().optional(),
  severity: severitySchema,
  cvss: cvssSchema.optional(),
  /** A range without scheme has versions that nobody here can order: it is reported as undecided. */
  ranges: z.array(
    z.object({
      scheme: schemeSchema.optional(),
      events: z.array(z.tuple([z.enum(['introduced', 'after', 'fixed', 'last_affected', 'limit']), z.string()])),
    }),
  ),
  /** Affected versions that no range covers. */
  versions: z.array(z.string()),
  /** What the source says of a fix where there is none. */
  fixState: z.enum(['not-fixed', 'wont-fix', 'end-of-life', 'unknown']).optional(),
  /** `nodejs:18`: the module stream of an RPM distribution that it speaks of. */
  module: z.string().optional(),
  /** Functions and the like that have to be reachable, as the source names them (`net/http.Get`). */
  symbols: z.array(z.string()).max(50).optional(),
  modified: z.string().optional(),
  /** Withdrawn records stay, so that a difference can say why a finding went away. They match nothing. */
  withdrawn: z.string().optional(),
});
export type AdvisoryEntry = z.infer<typeof advisoryEntrySchema>;

/** What is known of a vulnerability itself, whichever package has it; or of a release of a distribution. */
export const factsSchema = z.object({
  /** Base ratings, by who made them (`nvd`, `cna`, `adp`). */
  cvss: z.array(cvssSchema.extend({ by: z.string() })).optional(),
  /** It is in CISA's catalogue of known exploited vulnerabilities. Days are UTC. */
  knownExploited: z
    .object({ added: z.string(), due: z.string().optional(), ransomware: z.boolean().optional() })
    .optional(),
  /** FIRST's EPSS: probability of exploitation in the next 30 days, and its percentile, 0 to 1. */
  epss: z.object({ score: z.number().min(0).max(1), percentile: z.number().min(0).max(1) }).optional(),
  /** SSVC's decision point "Exploitation". */
  exploitation: z.enum(['none', 'poc', 'active']).optional(),
  /** Of a release: the day when its maintenance ends. */
  endOfLife: z.string().optional(),
});
export type Facts = z.infer<typeof factsSchema>;

/** Ecosystems that are none: facts by vulnerability, packages by vulnerability, facts by release. */
export const FACTS = '@facts';
export const INDEX = '@index';
export const RELEASES = '@releases';
export const isPseudoEcosystem = (name: string): boolean => name.startsWith('@');

/** Advisories of the packages of one ecosystem whose names hash into one bucket. Content-addressed, some 16 KiB. */
export const shardSchema = z.object({
  schemaVersion: z.literal(1),
  ecosystem: z.string(),
  packages: z.array(
    z.object({
      name: z.string(),
      advisories: z.array(advisoryEntrySchema),
      facts: factsSchema.optional(),
      /** In the index: the packages, as ecosystem and name, that advisories about this vulnerability name. */
      affects: z.array(z.tuple([z.string(), z.string()])).optional(),
    }),
  ),
});
export type Shard = z.infer<typeof shardSchema>;

/**
 * A shard whose digest was checked: it is what our own compiler wrote, member by member, and a scan reads so many that
 * checking each again would cost more than matching.
 */
export function trustedShard(text: string): Shard {
  const shard = JSON.parse(text) as Shard;
  if (shard.schemaVersion === 1 && Array.isArray(shard.packages)) return shard;
  throw new LadingError('document-damaged', 'an advisory shard is of another version of the compiler');
}

/** `excerpt`: the source holds only some advisories of its ecosystems, so that no match says little. */
const scopeSchema = z.enum(['complete', 'excerpt']);
export type SourceScope = z.infer<typeof scopeSchema>;

const ecosystemSectionSchema = z.object({
  name: z.string(),
  /** There are 2^bits buckets; `shards` has one place for each, `null` where the bucket is empty. */
  bits: z.int().min(0).max(16),
  shards: z.array(digestSchema.nullable()),
  packages: z.int().nonnegative(),
  advisories: z.int().nonnegative(),
});
export type EcosystemSection = z.infer<typeof ecosystemSectionSchema>;

/** What one source contributes to a snapshot. It is carried over unchanged when the source fails or has nothing new. */
const sourceSectionSchema = z.object({
  name: z.string(),
  scope: scopeSchema,
  /** Version of the compiler that made it: sections of an older one are made again. */
  compiler: z.int(),
  ecosystems: z.array(ecosystemSectionSchema),
  advisories: z.int().nonnegative(),
  readAt: z.iso.datetime(),
  /** What the source gave to ask later whether anything is new (an entity tag). */
  validator: z.string().optional(),
  /** Records that were left out because they are malformed; over a small share the whole source is refused. */
  rejected: z.object({ count: z.int().nonnegative(), examples: z.array(z.string()).max(20) }),
});
export type SourceSection = z.infer<typeof sourceSectionSchema>;

export const snapshotSchema = z.object({
  schemaVersion: z.literal(1),
  /** Digest of what the sections contain, whenever and in whatever order it was read. */
  id: digestSchema,
  createdAt: z.iso.datetime(),
  /** The snapshot that was in force before; not part of what the id names. */
  previous: digestSchema.optional(),
  sources: z.array(sourceSectionSchema),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** A package as matching needs it; the SBOM's own packages have at least this. */
export interface MatchablePackage {
  /** The purl type: `apk`, `deb`, `rpm`, `npm`, `pypi`, `maven`, … */
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string | undefined;
  /** The source package it was built from, by which most distributions publish advisories. */
  readonly source?: { readonly name: string; readonly version?: string | undefined } | undefined;
  /** As in os-release(5): ID and VERSION_ID. */
  readonly distro?: { readonly id: string; readonly versionId?: string | undefined } | undefined;
  readonly locations?: readonly string[] | undefined;
  /** Digest of the layer that put it there. */
  readonly layer?: string | undefined;
  /** Who brought that layer: the image that this one was built on, or whoever built on it. */
  readonly origin?: 'base' | 'own' | 'unknown' | undefined;
  /** The ecosystem of the distribution whose package it is a part of: that one's advisories speak of it then. */
  readonly ownedBy?: string | undefined;
}

const findingSchema = z.object({
  /** CVE id where there is one, else GHSA, else the record's own. */
  id: z.string(),
  aliases: z.array(z.string()),
  package: z.object({ name: z.string(), version: z.string(), type: z.string(), purl: z.string().optional() }),
  severity: severitySchema,
  cvss: cvssSchema.optional(),
  fixedVersions: z.array(z.string()),
  fixState: z.enum(['fixed', 'not-fixed', 'wont-fix', 'end-of-life', 'unknown']),
  /** What each source makes of it, where several do; `severity` is that of the source that knows best. */
  ratings: z.array(z.object({ by: z.string(), severity: severitySchema, cvss: cvssSchema.optional() })).optional(),
  knownExploited: factsSchema.shape.knownExploited,
  epss: factsSchema.shape.epss,
  exploitation: factsSchema.shape.exploitation,
  /** Only who can reach one of these is affected, say the sources that name any. */
  symbols: z.array(z.string()).optional(),
  /** Digest of the layer that brought the package, and whose it is: who is to mend it. */
  layer: z.string().optional(),
  origin: z.enum(['base', 'own', 'unknown']).optional(),
  /**
   * The clocks of a stack, by the time of the snapshot that began them: since when it is known that this image has it,
   * and since when a version that mends it is. The latter is when somebody could first have done something.
   */
  since: z.string().optional(),
  fixableSince: z.string().optional(),
  locations: z.array(z.string()),
  /** Which record of which source says so. */
  sources: z.array(z.object({ source: z.string(), record: z.string() })),
});
export type Finding = z.infer<typeof findingSchema>;

/** What the findings can be relied on for: missing data is never "clean". */
const coverageSchema = z.object({
  packages: z.int().nonnegative(),
  /** Packages for whose ecosystem the snapshot holds no advisories at all. */
  uncovered: z.int().nonnegative(),
  ecosystems: z.array(
    z.object({
      name: z.string(),
      packages: z.int().nonnegative(),
      data: z.enum(['complete', 'excerpt', 'none']),
      /** The day when the release's maintenance ends; after it, advisories stop and nothing is said any more. */
      endOfLife: z.string().optional(),
    }),
  ),
  /** Packages of languages that a package of the distribution owns: they were matched as that one. */
  owned: z.int().nonnegative().optional(),
  /** Advisories about a package of the image whose range could not be compared with its version. */
  undecided: z.object({
    count: z.int().nonnegative(),
    examples: z.array(z.object({ package: z.string(), version: z.string(), record: z.string() })).max(50),
  }),
});
export type Coverage = z.infer<typeof coverageSchema>;

const sbomOutcomeSchema = scanCompleted.data.shape.scan.shape.sbomOutcome;

/** All that a scan found. It depends on the image, the SBOM and the snapshot alone, so equal scans are one document. */
export const scanDocumentSchema = z.object({
  schemaVersion: z.literal(1),
  image: digestSchema,
  sbom: z.object({ digest: digestSchema, outcome: sbomOutcomeSchema }),
  snapshot: digestSchema.optional(),
  matcher: z.string(),
  findings: z.array(findingSchema),
  coverage: coverageSchema,
});
export type ScanDocument = z.infer<typeof scanDocumentSchema>;

const documentRefSchema = z.object({ key: z.string(), digest: digestSchema });

/** The newest scan of one image in one place. */
export const scanRecordSchema = z.object({
  subject: subjectSchema,
  sbom: documentRefSchema.extend({ outcome: sbomOutcomeSchema }),
  /** `sequence` grows with every snapshot; 0 stands for none. */
  snapshot: z.object({ id: digestSchema.optional(), sequence: z.int().nonnegative() }),
  scan: scanCompleted.data.shape.scan,
  /** The scan before the last rematch, so that a rematch that was interrupted tells the same change again. */
  before: documentRefSchema.optional(),
  scannedAt: z.iso.datetime(),
});
export type ScanRecord = z.infer<typeof scanRecordSchema>;
