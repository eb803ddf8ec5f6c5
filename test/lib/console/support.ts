import type { Activity, ConsolePorts, FindingView, SecurityDesk } from '../../../lib/console/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { costConfigSchema } from '../../../lib/cost/index.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import {
  draftEvent,
  type EventDraft,
  gateDecided,
  type ImageSubject,
  imageCataloged,
  imageReplicated,
  imageSigned,
  type LadingEvent,
  sbomCreated,
  scanCompleted,
} from '../../../lib/events/index.ts';
import { documentExternalSboms } from '../../../lib/external-sboms/adapters/document-external-sboms.ts';
import { documentQuality } from '../../../lib/external-sboms/adapters/document-quality.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogEntry, Stage } from '../../../lib/inventory/index.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { type RetentionPlan, requestRestore, retentionConfigSchema } from '../../../lib/lifecycle/index.ts';
import { memoryWaiverStore } from '../../../lib/policy/adapters/memory-waiver-store.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { remediationConfigSchema } from '../../../lib/remediation/config.ts';
import type { ReplicaState } from '../../../lib/replication/index.ts';
import { documentSbomStore } from '../../../lib/sbom/adapters/document-sbom-store.ts';
import { memoryRunStore } from '../../../lib/scanners/adapters/memory-run-store.ts';
import { memoryVoteStore } from '../../../lib/scanners/adapters/memory-vote-store.ts';
import { trailPulls } from '../../../lib/storage/adapters/trail-pulls.ts';
import { storageConfigSchema } from '../../../lib/storage/index.ts';
import { memoryVexStore } from '../../../lib/vex/adapters/memory-vex-store.ts';
import { memoryScanStore } from '../../../lib/vulnerabilities/adapters/memory-scan-store.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';

export const REGISTRY = '000000000000.dkr.ecr.eu-central-1.amazonaws.com';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

export const replicaState: ReplicaState = {
  source: { registry: REGISTRY, repository: 'team/app' },
  target: { registry: 'copy.example', repository: 'team/app' },
  rules: ['all'],
  lookedAt: '2026-01-02T00:00:00.000Z',
  expectedRoot: digestOf('expected'),
  heldRoot: digestOf('held'),
  ...{ tags: 2, manifests: 3, missing: 1, moved: 0, corrupted: 0, extra: 0, lagMs: 420_000 },
  provenEqualAt: '2026-01-01T00:00:00.000Z',
  scrubNext: 0,
  buckets: { '7': 'a-hash' },
};

/** How far an image is to come, and what came of it. */
export interface ImageSpec {
  readonly repository: string;
  readonly tags?: readonly string[];
  readonly seed?: string;
  readonly entry?: Partial<CatalogEntry>;
  readonly packages?: number;
  readonly outcome?: 'complete' | 'limit-exceeded' | 'unreadable';
  readonly findings?: readonly FindingView[];
  readonly uncovered?: number;
  readonly decision?: 'allow' | 'deny' | 'quarantine';
  readonly reasons?: readonly string[];
  readonly warnings?: readonly string[];
  readonly replicas?: number;
  /** The first stage that is not done: it is being worked on so many times already, or waits (0). */
  readonly stopsAt?: { readonly stage: Stage; readonly attempts: number };
}

export const finding = (id: string, severity: string, pkg: string, version: string, fixed?: string): FindingView => ({
  ...{ id, severity, package: pkg, version },
  fixedVersions: fixed === undefined ? [] : [fixed],
  fixState: fixed === undefined ? 'not-fixed' : 'fixed',
  location: `/usr/src/app/node_modules/${pkg}/package.json`,
});

/** A console over memory, into which images are put as the stages would leave them. */
export function memoryConsole() {
  const clock = manualClock('2026-11-24T07:00:00.000Z');
  const catalog = memoryCatalog();
  const ledger = memoryLedger(clock);
  const events: Activity[] = [];
  const reports = new Map<string, readonly FindingView[]>();
  const published: LadingEvent[] = [];
  const retention = memoryRetention(clock);
  const documents = memoryDocuments();
  const publisher = { publish: async (given: readonly LadingEvent[]) => void published.push(...given) };
  const security: SecurityDesk = {
    waivers: memoryWaiverStore(),
    vex: memoryVexStore(),
    votes: memoryVoteStore(),
    scanners: { configured: [], runs: memoryRunStore() },
    scans: memoryScanStore(),
    leases: retention,
    documents,
    publisher,
    clock,
  };
  const activity: ConsolePorts['activity'] = {
    after: async (seq, limit) => events.filter((event) => event.seq > seq).slice(0, limit),
    head: async () => events.at(-1)?.seq ?? 0,
  };
  const archive = createMemoryRegistry({ host: 'archive' });
  const ports: ConsolePorts = {
    catalog,
    ledger,
    activity,
    accounts: {
      storage: storageConfigSchema.parse({}),
      cost: costConfigSchema.parse({}),
      layers: { inventory: async () => undefined, contents: async () => undefined },
      profiles: new Map(),
      pulls: trailPulls(activity, memoryRetention(clock)),
      clock,
    },
    reports: {
      findings: async (key) => reports.get(key),
      sbom: async (key) => (key === 'sboms/none' ? undefined : Buffer.from('{"bomFormat":"CycloneDX"}')),
    },
    keys: { publicKey: async () => '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n' },
    retention: {
      ...{ store: retention, documents, publisher, clock },
      replay: async () => [],
      restore: (asked, by) =>
        requestRestore({ catalog, archive, restores: retention, clock }, asked, by, retentionConfigSchema.parse({})),
    },
    plans: {
      preview: async (config): Promise<RetentionPlan[]> => [
        {
          ...{ registry: REGISTRY, repository: 'team/app', plannedAt: clock.now().toISOString() },
          dryRun: config?.dryRun ?? true,
          keep: [{ tag: 'v2', digest: digestOf('v2'), why: 'the newest 1' }],
          expire: [
            {
              root: digestOf('v1'),
              mediaType: OCI_MANIFEST,
              tags: ['v1'],
              partTags: [],
              why: 'older',
              action: 'expire' as const,
              deletes: [digestOf('v1')],
            },
          ],
          spared: [],
          quarantineDays: 7,
          due: [],
          waiting: [],
          release: [],
          untag: [],
          dueBytes: 0,
          freedBytes: 1_000,
        },
      ],
    },
    advisories: {
      status: async () => ({
        snapshot: {
          ...{ id: digestOf('snapshot'), sequence: 3, createdAt: clock.now().toISOString() },
          ...{ advisories: 101_055, rematched: true },
        },
        sources: [
          {
            ...{ name: 'bundled', scope: 'excerpt', advisories: 159, rejected: 0, readAt: clock.now().toISOString() },
            ecosystems: [{ name: 'npm', packages: 20, advisories: 60 }],
          },
          {
            ...{
              name: 'inbox',
              scope: 'complete',
              advisories: 100_896,
              rejected: 3,
              readAt: clock.now().toISOString(),
            },
            ecosystems: ['Alpine:v3.18', 'Debian:12', 'Go', 'Maven', 'PyPI', 'crates.io'].map((name) => ({
              ...{ name, packages: 900, advisories: 16_816 },
            })),
          },
        ],
      }),
    },
    sboms: {
      own: documentSbomStore(security.documents),
      qualities: documentQuality(security.documents),
      externals: documentExternalSboms(security.documents),
      publisher: security.publisher,
      clock,
    },
    security,
    remediation: remediationConfigSchema.parse({}),
    replicated: (entry) => entry.replicaOf === undefined,
    replication: {
      states: async () => [replicaState],
      plan: async ({ repository = 'team/app' }) => [
        {
          ...{ source: { registry: REGISTRY, repository }, target: replicaState.target, rule: 'all' },
          ...{ root: digestOf('v1'), mediaType: OCI_MANIFEST, tags: ['v1'], since: '2026-01-01T00:00:00.000Z' },
          ...{ arrived: false, bytes: 1_000 },
        },
      ],
    },
  };

  const tell = (detailType: string, subject: string | undefined, data: unknown = {}): void => {
    const seq = events.length + 1;
    events.push({ seq, time: clock.now().toISOString(), detailType, ...(subject ? { subject } : {}), data });
  };

  async function put(spec: ImageSpec): Promise<CatalogEntry> {
    clock.advance(61_000);
    const entry = entryOf(spec, clock.now().toISOString());
    const key = locationKey(entry);
    await catalog.enter(entry);
    for (const tag of spec.tags ?? [])
      await catalog.bindTag({ ...entry, tag, digest: entry.digest, boundAt: entry.pushedAt });
    tell('Image Pushed', key);
    if (spec.findings) reports.set(`scans/${entry.digest}`, spec.findings);
    for (const { stage, drafts } of stagesOf(spec, entry)) {
      clock.advance(180);
      const work = { subject: key, stage, version: '1' };
      if (spec.stopsAt?.stage === stage) {
        for (let i = 0; i < spec.stopsAt.attempts; i++) await ledger.begin(work, `owner-${i}`, -1);
        break;
      }
      await ledger.begin(work, 'owner', 60_000);
      await ledger.complete(work, 'owner', drafts);
      for (const draft of drafts) tell(draft.detailType, key, draft.data);
    }
    return entry;
  }
  return { ports, clock, catalog, events, published, tell, put };
}

function entryOf({ repository, seed = repository, tags = [], entry = {} }: ImageSpec, now: string): CatalogEntry {
  return {
    ...{ registry: REGISTRY, repository, digest: digestOf(`${repository} ${seed} ${tags.join()}`) },
    ...{ mediaType: OCI_MANIFEST, artifactClass: 'image', platform: 'linux/amd64', children: [] },
    layers: [1, 2].map((n) => ({
      digest: digestOf(`${repository} layer ${n}`),
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      size: 14_000_000 * n,
    })),
    ...{ sizeBytes: 42_001_234, labels: {}, pushedAt: now, firstSeenAt: now },
    ...entry,
  };
}

export const childOf = (entry: CatalogEntry) => ({
  digest: entry.digest,
  mediaType: entry.mediaType,
  size: 700,
  ...(entry.platform ? { platform: entry.platform } : {}),
});

export const indexEntry = (children: readonly CatalogEntry[]): Partial<CatalogEntry> => ({
  ...{ mediaType: OCI_INDEX, artifactClass: 'index', platform: undefined, layers: [], sizeBytes: 670 },
  children: children.map(childOf),
});

function stagesOf(
  spec: ImageSpec,
  entry: CatalogEntry,
): readonly { readonly stage: Stage; readonly drafts: readonly EventDraft[] }[] {
  const subject: ImageSubject = { ...entry, tags: [...(spec.tags ?? [])] };
  const { registry, repository, digest, mediaType, platform, tags } = subject;
  const about = { registry, repository, digest, mediaType, tags, ...(platform ? { platform } : {}) };
  const doc = (prefix: string) => ({ key: `${prefix}/${digest}`, digest: digestOf(prefix + digest) });
  const { packages = 86, outcome = 'complete', findings = [], uncovered = 0, decision = 'allow' } = spec;
  const cataloged = draftEvent(imageCataloged, {
    ...{ subject: about, artifactClass: entry.artifactClass, children: entry.children, layers: entry.layers.length },
    ...{ sizeBytes: entry.sizeBytes, pushedAt: entry.pushedAt },
  });
  const catalog = { stage: 'catalog' as const, drafts: [cataloged] };
  if (entry.artifactClass !== 'image' && entry.artifactClass !== 'index') return [catalog];
  const count = (severity: string) => findings.filter((one) => one.severity === severity).length;
  const sbom = draftEvent(sbomCreated, {
    subject: about,
    sbom: { ...doc('sboms'), format: 'cyclonedx', generator: 'lading', packages, outcome, detail: outcome },
    ...{ layersRead: 1, layersReused: 1 },
  });
  const scan = draftEvent(scanCompleted, {
    subject: about,
    scan: {
      ...{ key: `scans/${digest}`, digest: digestOf(`scan ${digest}`), matcher: 'm/1', uncovered, packages },
      counts: {
        ...{ critical: count('critical'), high: count('high'), medium: count('medium') },
        ...{ low: count('low'), negligible: count('negligible'), unknown: count('unknown') },
      },
      ...{ fixable: findings.filter(({ fixState }) => fixState === 'fixed').length, sbomOutcome: outcome },
    },
  });
  const gate = draftEvent(gateDecided, {
    ...{ subject: about, decision, reasons: [...(spec.reasons ?? [])], warnings: [...(spec.warnings ?? [])] },
    ...{ policy: { name: 'default', digest: digestOf('policy') }, inputs: digestOf('inputs'), scan: digestOf('scan') },
  });
  const done = [
    catalog,
    { stage: 'sbom' as const, drafts: [sbom] },
    { stage: 'match' as const, drafts: [scan] },
    { stage: 'gate' as const, drafts: [gate] },
  ];
  return decision === 'allow' ? [...done, ...trustStages(spec, about)] : done;
}

function trustStages(spec: ImageSpec, subject: ImageSubject) {
  const signed = draftEvent(imageSigned, {
    subject,
    signature: {
      ...{ digest: digestOf(`signature ${subject.digest}`) as Digest, mediaType: OCI_MANIFEST },
      ...{ artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json', algorithm: 'ecdsa-p256', keyId: 'lading' },
    },
  });
  const replicas = Array.from({ length: spec.replicas ?? 1 }, (_, i) =>
    draftEvent(imageReplicated, {
      ...{ subject, target: { registry: `replica-${i + 1}.example`, repository: subject.repository } },
      ...{ bytesMoved: 42_001_234, blobsCopied: 3, blobsSkipped: 0, manifests: 1 },
    }),
  );
  return [
    { stage: 'sign' as const, drafts: [signed] },
    { stage: 'replicate' as const, drafts: replicas },
    { stage: 'attest' as const, drafts: [] },
  ];
}
