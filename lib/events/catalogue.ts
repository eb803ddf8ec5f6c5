import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import {
  digestSchema,
  type EventBridgeEvent,
  type EventDefinition,
  type EventMetadata,
  eventBridgeSchema,
  type LadingEvent,
  metadataSchema,
  subjectSchema,
} from './envelope.ts';

const severityCounts = z.object({
  critical: z.int().nonnegative(),
  high: z.int().nonnegative(),
  medium: z.int().nonnegative(),
  low: z.int().nonnegative(),
  /** Rated "none" or "negligible" by its source. */
  negligible: z.int().nonnegative(),
  unknown: z.int().nonnegative(),
});
export type SeverityCounts = z.infer<typeof severityCounts>;

/** What a manifest is, told from its media types, artifact type and annotations. */
export const artifactClassSchema = z.enum([
  'image',
  'index',
  'signature',
  'attestation',
  'sbom',
  'model',
  'wasm',
  'chart',
  'cache',
  'artifact',
]);
export type ArtifactClass = z.infer<typeof artifactClassSchema>;

const origin = z.enum(['ecr', 'webhook', 'reconcile', 'manual']);
/** Registries do not always tell the media type; the catalogue reads it from the manifest. */
const announcedSubject = subjectSchema.extend({ mediaType: z.string().optional() });
const documentRef = z.object({ key: z.string().min(1), digest: digestSchema });

type AboutOneImage = {
  readonly subject: { registry: string; repository: string; digest: `sha256:${string}` | `sha512:${string}` };
};
const bySubject = (data: AboutOneImage): string => locationKey(data.subject);

function define<Data extends z.ZodType>(
  source: EventDefinition['source'],
  detailType: string,
  data: Data,
  discriminator: (data: z.infer<Data>) => string,
): EventDefinition<Data> {
  return { source, detailType, schemaVersion: 1, data, discriminator };
}

export const imagePushed = define(
  'lading.intake',
  'Image Pushed',
  z.object({
    subject: announcedSubject,
    origin,
    /** When the registry says it happened. */
    pushedAt: z.iso.datetime(),
    /** `artifactType`, or the config's media type, as announced; only the manifest itself is believed. */
    artifactType: z.string().optional(),
  }),
  (data) => `${bySubject(data)} ${data.subject.tags.join(' ')}`,
);

export const imageDeleted = define(
  'lading.intake',
  'Image Deleted',
  z.object({ subject: announcedSubject, origin, deletedAt: z.iso.datetime() }),
  (data) => `${bySubject(data)} ${data.subject.tags.join(' ')}`,
);

export const imagePulled = define(
  'lading.intake',
  'Image Pulled',
  z.object({ subject: announcedSubject, origin, pulledAt: z.iso.datetime(), actor: z.string().optional() }),
  bySubject,
);

export const imageCataloged = define(
  'lading.inventory',
  'Image Cataloged',
  z.object({
    subject: subjectSchema,
    artifactClass: artifactClassSchema,
    artifactType: z.string().optional(),
    /** Of a signed statement, as its manifest says: what it is to be believed only after it is verified. */
    predicateType: z.string().optional(),
    /** For a referrer: the digest that its manifest names as `subject`. */
    referrerOf: digestSchema.optional(),
    /** For a replica that Lading made: the registry it was copied from. Such an image starts no stage again. */
    replicaOf: z.string().optional(),
    children: z.array(z.object({ digest: digestSchema, mediaType: z.string(), platform: z.string().optional() })),
    layers: z.int().nonnegative(),
    /** Manifest, config and layers, compressed, in bytes. */
    sizeBytes: z.int().nonnegative(),
    pushedAt: z.iso.datetime(),
  }),
  bySubject,
);

export const sbomCreated = define(
  'lading.sbom',
  'SBOM Created',
  z.object({
    subject: subjectSchema,
    sbom: documentRef.extend({
      format: z.string(),
      generator: z.string(),
      packages: z.int().nonnegative(),
      /** `limit-exceeded`: a cap of the security rules was crossed; what was read until then is listed, never "clean". */
      outcome: z.enum(['complete', 'limit-exceeded', 'unreadable']),
      detail: z.string().optional(),
    }),
    layersRead: z.int().nonnegative(),
    layersReused: z.int().nonnegative(),
  }),
  bySubject,
);

/** An SBOM that somebody else made, as it is kept beside our own. */
const externalSbom = documentRef.extend({
  format: z.string(),
  /** Name and version of the program that made it, as the document says. */
  tool: z.string().optional(),
  packages: z.int().nonnegative(),
  origin: z.enum(['buildkit', 'attestation', 'referrer', 'cosign-tag', 'upload']),
  /** `verified`: signed by a key that is trusted, over a statement about this very image. */
  standing: z.enum(['verified', 'unsigned', 'not-verified']),
  /** Of the manifest that holds it. */
  manifest: digestSchema.optional(),
});
const packageName = z.object({ type: z.string(), name: z.string(), version: z.string() });
/** At most 20 are named. */
const somePackages = z.object({ count: z.int().nonnegative(), named: z.array(packageName).max(20) });

export const sbomReceived = define(
  'lading.sbom',
  'SBOM Received',
  z.object({ subject: subjectSchema, sbom: externalSbom, receivedAt: z.iso.datetime() }),
  (data) => `${bySubject(data)} ${data.sbom.digest}`,
);

export const sbomDisagreed = define(
  'lading.sbom',
  'SBOM Disagreed',
  z.object({
    subject: subjectSchema,
    own: z.object({ generator: z.string(), packages: z.int().nonnegative() }),
    other: externalSbom,
    /** Packages that both have with the same version. */
    same: z.int().nonnegative(),
    onlyOurs: somePackages,
    onlyTheirs: somePackages,
    otherVersions: z.object({
      count: z.int().nonnegative(),
      named: z
        .array(z.object({ type: z.string(), name: z.string(), ours: z.array(z.string()), theirs: z.array(z.string()) }))
        .max(20),
    }),
    /** Packages of either that cannot be compared, because it does not say what they are. */
    unidentified: z.int().nonnegative(),
  }),
  (data) => `${bySubject(data)} ${data.own.generator} ${data.other.digest}`,
);

export const scanCompleted = define(
  'lading.vulnerabilities',
  'Scan Completed',
  z.object({
    subject: subjectSchema,
    scan: documentRef.extend({
      matcher: z.string(),
      /** Id of the advisory snapshot that was matched against; absent when there is none yet. */
      snapshot: z.string().optional(),
      counts: severityCounts,
      fixable: z.int().nonnegative(),
      /** Packages for whose ecosystem the snapshot holds no advisories at all: unknown, not clean. */
      uncovered: z.int().nonnegative(),
      packages: z.int().nonnegative(),
      sbomOutcome: z.enum(['complete', 'limit-exceeded', 'unreadable']),
    }),
  }),
  bySubject,
);

const findingSummary = z.object({
  id: z.string(),
  package: z.string(),
  version: z.string(),
  severity: z.string(),
});

export const findingsChanged = define(
  'lading.vulnerabilities',
  'Findings Changed',
  z.object({
    subject: subjectSchema,
    scan: scanCompleted.data.shape.scan,
    /** At most 50 of each are named; the scan document has all. */
    appeared: z.array(findingSummary).max(50),
    fixed: z.array(findingSummary).max(50),
    withdrawn: z.array(findingSummary).max(50),
    severityChanged: z.array(findingSummary).max(50),
    knownExploited: z.array(findingSummary).max(50),
  }),
  (data) => `${bySubject(data)} ${data.scan.snapshot}`,
);

export const advisoriesUpdated = define(
  'lading.vulnerabilities',
  'Advisories Updated',
  z.object({
    snapshot: z.string(),
    previous: z.string().optional(),
    /** Document that lists what is new, changed and withdrawn between the two. */
    difference: documentRef.optional(),
    advisories: z.int().nonnegative(),
    changedPackages: z.int().nonnegative(),
    sources: z.array(z.object({ name: z.string(), advisories: z.int().nonnegative(), problem: z.string().optional() })),
  }),
  (data) => data.snapshot,
);

export const gateDecided = define(
  'lading.policy',
  'Gate Decided',
  z.object({
    subject: subjectSchema,
    decision: z.enum(['allow', 'deny', 'quarantine']),
    reasons: z.array(z.string()),
    warnings: z.array(z.string()),
    policy: z.object({ name: z.string(), digest: digestSchema }),
    /** Digest of the canonical inputs, under which the verdict can be replayed. */
    inputs: digestSchema,
    scan: digestSchema,
    snapshot: z.string().optional(),
  }),
  bySubject,
);

export const waiverChanged = define(
  'lading.policy',
  'Waiver Changed',
  z.object({
    /** Of a waiver; an exception of the policy, which ended, has the id `policy`. */
    waiver: z.object({
      id: z.string(),
      vulnerability: z.string(),
      /** Glob over `registry/repository`. */
      image: z.string(),
      package: z.string().optional(),
      reason: z.string(),
      author: z.string().optional(),
      until: z.iso.datetime(),
    }),
    change: z.enum(['added', 'removed', 'ended']),
    by: z.string().optional(),
  }),
  (data) => `${data.waiver.id} ${data.waiver.vulnerability} ${data.change}`,
);

export const gateInputsChanged = define(
  'lading.policy',
  'Gate Inputs Changed',
  z.object({
    subject: subjectSchema,
    /** What people or other scanners say, which the gate has to look at again. */
    cause: z.enum(['waiver', 'vex', 'vote']),
    detail: z.string(),
  }),
  (data) => `${bySubject(data)} ${data.detail}`,
);

export const remediationPlanned = define(
  'lading.remediation',
  'Remediation Planned',
  z.object({
    subject: subjectSchema,
    /** What is to be changed, in words. */
    changes: z.array(z.string()).max(500),
    /** Findings that it clears, that a newer base brings in, and that stay. */
    cleared: z.int().nonnegative(),
    introduced: z.int().nonnegative(),
    left: z.int().nonnegative(),
    worth: z.number(),
    cost: z.number(),
    /** Names what is done for good: it is done once. */
    cause: digestSchema,
    /** Told, and not asked for. */
    dryRun: z.boolean(),
    actions: z.array(z.string()),
  }),
  (data) => `${bySubject(data)} ${data.cause}`,
);

export const imageSigned = define(
  'lading.signing',
  'Image Signed',
  z.object({
    subject: subjectSchema,
    signature: z.object({
      /** Digest of the signature's own manifest, a referrer of the subject. */
      digest: digestSchema,
      mediaType: z.string(),
      artifactType: z.string(),
      algorithm: z.string(),
      keyId: z.string(),
    }),
  }),
  bySubject,
);

const keyOfStatement = z.object({ keyId: z.string(), algorithm: z.string() });
export const imageAttested = define(
  'lading.signing',
  'Image Attested',
  z.object({
    subject: subjectSchema,
    /** Digest of the manifest of the verdict's summary. */
    verdict: digestSchema,
    /** What that verdict is: statements are made of denied images too, and these are not copied for it. */
    decision: z.enum(['allow', 'deny', 'quarantine']),
    validUntil: z.iso.datetime(),
    /** Everything that was attached, each a referrer of the subject; later verdicts take the place of earlier ones. */
    attestations: z.array(keyOfStatement.extend({ predicateType: z.string(), digest: digestSchema })),
    /** Referrers that said what is not said any more: removed from the registry. */
    superseded: z.array(digestSchema),
    /** Predicate types of statements that are too large for verifiers to read. */
    tooLarge: z.array(z.string()),
  }),
  (data) => `${bySubject(data)} ${data.verdict}`,
);

export const signatureRequested = define(
  'lading.signing',
  'Signature Requested',
  z.object({
    subject: subjectSchema,
    /** Keys that have not signed it, though today's rule asks for them. */
    missing: z.array(keyOfStatement),
  }),
  (data) => `${bySubject(data)} ${data.missing.map(({ keyId }) => keyId).join(' ')}`,
);

export const keyRevoked = define(
  'lading.signing',
  'Key Revoked',
  keyOfStatement.extend({ reason: z.string(), revokedAt: z.iso.datetime() }),
  (data) => data.keyId,
);

const verdictData = z.object({ subject: subjectSchema, verdict: digestSchema, reason: z.string() });
export const verdictRenewed = define(
  'lading.signing',
  'Verdict Renewed',
  verdictData.extend({ validUntil: z.iso.datetime() }),
  (data) => `${bySubject(data)} ${data.verdict}`,
);
export const verdictLapsed = define(
  'lading.signing',
  'Verdict Lapsed',
  verdictData,
  (data) => `${bySubject(data)} ${data.verdict}`,
);

const replicationTarget = z.object({ registry: z.string(), repository: z.string() });
export const imageReplicated = define(
  'lading.replication',
  'Image Replicated',
  z.object({
    subject: subjectSchema,
    target: replicationTarget,
    bytesMoved: z.int().nonnegative(),
    blobsCopied: z.int().nonnegative(),
    blobsSkipped: z.int().nonnegative(),
    manifests: z.int().nonnegative(),
  }),
  (data) => `${bySubject(data)} ${data.target.registry}/${data.target.repository}`,
);
export const replicaDiverged = define(
  'lading.replication',
  'Replica Diverged',
  z.object({
    subject: subjectSchema,
    target: replicationTarget,
    difference: z.enum(['missing', 'extra', 'tag-moved', 'corrupted', 'incomplete']),
    detail: z.string(),
  }),
  (data) => `${bySubject(data)} ${data.target.registry}/${data.target.repository} ${data.difference}`,
);

export const retentionPlanned = define(
  'lading.lifecycle',
  'Retention Planned',
  z.object({
    registry: z.string(),
    repository: z.string(),
    plan: documentRef,
    /** A dry run is recorded and shown, and nothing is deleted. */
    dryRun: z.boolean(),
    keep: z.int().nonnegative(),
    expire: z.int().nonnegative(),
    /** Bytes that deletion really frees, after sharing. */
    freedBytes: z.int().nonnegative(),
  }),
  (data) => `${data.registry}/${data.repository} ${data.plan.digest}`,
);

const lifecycleData = z.object({ subject: subjectSchema, plan: digestSchema.optional(), reason: z.string() });
export const imageArchived = define('lading.lifecycle', 'Image Archived', lifecycleData, bySubject);
export const imageRestored = define('lading.lifecycle', 'Image Restored', lifecycleData, bySubject);
export const imageExpired = define(
  'lading.lifecycle',
  'Image Expired',
  lifecycleData.extend({
    /** Every digest of the closed graph that was deleted, children and referrers included. */
    deleted: z.array(digestSchema).max(500),
    deletedCount: z.int().nonnegative(),
  }),
  bySubject,
);

export const imageInUse = define(
  'lading.runtime',
  'Image In Use',
  z.object({
    subject: announcedSubject,
    workload: z.object({ kind: z.string(), name: z.string() }),
    observedAt: z.iso.datetime(),
    leaseUntil: z.iso.datetime(),
  }),
  (data) => `${bySubject(data)} ${data.workload.kind}/${data.workload.name}`,
);

export const untrustedImageStarted = define(
  'lading.admission',
  'Untrusted Image Started',
  z.object({
    subject: announcedSubject,
    workload: z.object({ kind: z.string(), name: z.string() }),
    reason: z.string(),
    detail: z.string(),
    /** Whether the workload was told to stop. */
    stopped: z.boolean(),
  }),
  (data) => `${bySubject(data)} ${data.workload.kind}/${data.workload.name}`,
);

export const provenanceRecorded = define(
  'lading.provenance',
  'Provenance Recorded',
  z.object({
    subject: announcedSubject,
    provenance: documentRef,
    builder: z.string(),
    /** SLSA Build level, and why it is no higher. */
    level: z.int().min(0).max(3),
    reasons: z.array(z.string()),
    /** Source, materials and base images, as URIs with digests. */
    materials: z.array(z.object({ uri: z.string(), digest: z.string().optional() })).max(100),
    /** Whether who pushed the image is who built it; `unknown` where the registry does not tell. */
    pushedByBuilder: z.enum(['yes', 'no', 'unknown']),
    /** How the word came to us; `untrusted` and `unsigned` are nobody's whom we know. */
    authenticity: z.enum(['platform', 'token', 'signed', 'untrusted', 'unsigned']).optional(),
    /** Whose trusted key signed it, as the setting `provenance` names it. */
    signer: z.string().optional(),
  }),
  // The same words, first in a stranger's mouth and then in a trusted one's, are news.
  (data) => `${bySubject(data)} ${data.provenance.digest} ${data.authenticity ?? ''} ${data.level}`,
);

const credentialsData = z.object({
  registry: z.string(),
  /** Name or ARN of the secret. */
  secret: z.string(),
  /** Of the secret, and not what it holds. */
  version: z.string(),
  /** Under which the registry knows the token. */
  tokenId: z.string().optional(),
});
export const credentialsRotated = define(
  'lading.registry',
  'Credentials Rotated',
  credentialsData.extend({
    expiresAt: z.iso.datetime().optional(),
    /** Whether the ones before them hold until they are withdrawn. */
    replaced: z.boolean(),
  }),
  (data) => `${data.registry} ${data.version}`,
);
export const credentialsWithdrawn = define(
  'lading.registry',
  'Credentials Withdrawn',
  credentialsData,
  (data) => `${data.registry} ${data.version}`,
);

/** Every event of the system, by detail-type. */
export const eventDefinitions = {
  [imagePushed.detailType]: imagePushed,
  [imageDeleted.detailType]: imageDeleted,
  [imagePulled.detailType]: imagePulled,
  [imageCataloged.detailType]: imageCataloged,
  [sbomCreated.detailType]: sbomCreated,
  [sbomReceived.detailType]: sbomReceived,
  [sbomDisagreed.detailType]: sbomDisagreed,
  [scanCompleted.detailType]: scanCompleted,
  [findingsChanged.detailType]: findingsChanged,
  [advisoriesUpdated.detailType]: advisoriesUpdated,
  [gateDecided.detailType]: gateDecided,
  [waiverChanged.detailType]: waiverChanged,
  [gateInputsChanged.detailType]: gateInputsChanged,
  [remediationPlanned.detailType]: remediationPlanned,
  [imageSigned.detailType]: imageSigned,
  [imageAttested.detailType]: imageAttested,
  [signatureRequested.detailType]: signatureRequested,
  [keyRevoked.detailType]: keyRevoked,
  [verdictRenewed.detailType]: verdictRenewed,
  [verdictLapsed.detailType]: verdictLapsed,
  [imageReplicated.detailType]: imageReplicated,
  [replicaDiverged.detailType]: replicaDiverged,
  [retentionPlanned.detailType]: retentionPlanned,
  [imageArchived.detailType]: imageArchived,
  [imageRestored.detailType]: imageRestored,
  [imageExpired.detailType]: imageExpired,
  [imageInUse.detailType]: imageInUse,
  [credentialsRotated.detailType]: credentialsRotated,
  [credentialsWithdrawn.detailType]: credentialsWithdrawn,
  [untrustedImageStarted.detailType]: untrustedImageStarted,
  [provenanceRecorded.detailType]: provenanceRecorded,
} as Readonly<Record<string, EventDefinition>>;

/**
 * Reads an event of one known type out of EventBridge's envelope.
 * @throws LadingError `event-invalid`
 */
export function readEvent<Data extends z.ZodType>(
  definition: EventDefinition<Data>,
  envelope: EventBridgeEvent,
): LadingEvent<z.infer<Data>> & {
  readonly detail: { readonly metadata: EventMetadata; readonly data: z.infer<Data> };
} {
  const parsed = z.object({ metadata: metadataSchema, data: definition.data }).safeParse(envelope.detail);
  if (!parsed.success) {
    throw new LadingError(
      'event-invalid',
      `"${envelope['detail-type']}" ${envelope.id}: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { metadata, data } = parsed.data as { metadata: EventMetadata; data: z.infer<Data> };
  if (metadata.schemaVersion > definition.schemaVersion) {
    throw new LadingError(
      'event-invalid',
      `"${definition.detailType}" has schema version ${metadata.schemaVersion}; this reader knows ${definition.schemaVersion}`,
    );
  }
  return { source: envelope.source, detailType: envelope['detail-type'], detail: { metadata, data } };
}

/** @throws LadingError `event-invalid` when the text is no EventBridge envelope. */
export function parseEnvelope(value: unknown): EventBridgeEvent {
  const parsed = eventBridgeSchema.safeParse(value);
  if (!parsed.success)
    throw new LadingError('event-invalid', `not an EventBridge event: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
