import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import { digestOf } from '../core/digest.ts';
import { locationKey } from '../core/image-reference.ts';
import { canonicalJson } from '../core/json.ts';
import { type DocumentStore, loadDocument, loadJson } from '../documents/index.ts';
import type { CatalogEntry, CatalogReader } from '../inventory/index.ts';
import type { LeaseStore } from '../lifecycle/index.ts';
import { readSbomPackages } from '../sbom/index.ts';
import { type ScanRecord, type ScanStore, scanDocumentSchema } from '../vulnerabilities/index.ts';
import { findBase, newerBases } from './find-base.ts';
import type { PlanImage } from './model.ts';
import type { ImageKnowledge } from './ports.ts';

/** Among so many of the newest images a base is looked for: there is no index of images by layer. */
const CONSIDERED = 1_000;
/** Newer images of the base's repository that are compared. */
const MOST_NEWER = 5;

export interface KnowledgePorts {
  readonly catalog: Pick<CatalogReader, 'find' | 'recent'>;
  readonly scans: Pick<ScanStore, 'find'>;
  readonly documents: DocumentStore;
  /** Who holds an image because it runs. */
  readonly leases: Pick<LeaseStore, 'leases'>;
  readonly clock: Clock;
}

/** What the catalogue and the scans know of images; findings are read only of those that matter for a plan. */
export function imageKnowledge(
  ports: KnowledgePorts,
): ImageKnowledge & { all(limit: number): Promise<readonly PlanImage[]> } {
  const recent = async (limit: number): Promise<readonly CatalogEntry[]> =>
    (await ports.catalog.recent(limit)).filter(
      ({ artifactClass, layers, replicaOf, deletedAt }) =>
        artifactClass === 'image' && layers.length > 0 && replicaOf === undefined && deletedAt === undefined,
    );
  return {
    async around(subject) {
      const entry = await ports.catalog.find(subject);
      if (entry === undefined || entry.deletedAt !== undefined || entry.layers.length === 0) return [];
      const bare = (await recent(CONSIDERED)).map(withoutFindings);
      const image = withoutFindings(entry);
      const base = findBase(image, bare);
      const wanted = [image, ...(base ? [base, ...newerBases(base, bare).slice(0, MOST_NEWER)] : [])];
      return mapLimit(wanted, 4, (one) => withFindings(ports, one));
    },
    all: async (limit) => mapLimit((await recent(limit)).map(withoutFindings), 8, (one) => withFindings(ports, one)),
  };
}

const withoutFindings = (entry: CatalogEntry): PlanImage => ({
  key: locationKey(entry),
  registry: entry.registry,
  repository: entry.repository,
  digest: entry.digest,
  tags: [],
  platform: entry.platform,
  pushedAt: entry.pushedAt,
  layers: entry.layers.map(({ digest }) => digest),
  findings: [],
  running: 0,
  baseName: Object.hasOwn(entry.labels, BASE_NAME) ? entry.labels[BASE_NAME] : undefined,
});

/** OCI image specification 1.1, "Pre-Defined Annotation Keys". */
const BASE_NAME = 'org.opencontainers.image.base.name';

async function withFindings(ports: KnowledgePorts, image: PlanImage): Promise<PlanImage> {
  const [record, leases] = await Promise.all([ports.scans.find(image.key), ports.leases.leases(image)]);
  const document = record && (await loadJson(ports.documents, record.scan.key, scanDocumentSchema));
  return {
    ...image,
    tags: record?.subject.tags ?? [],
    findings: document?.findings ?? [],
    ...(record ? { contents: await contentsOf(ports.documents, record) } : {}),
    running: leases.filter(({ digest, until }) => digest === image.digest && new Date(until) > ports.clock.now())
      .length,
  };
}

/** The packages alone: an SBOM names its image, and so no two are equal. */
async function contentsOf(documents: DocumentStore, { sbom }: ScanRecord): Promise<string> {
  const document = await loadDocument(documents, sbom.key, sbom.digest);
  // What cannot be compared is like nothing else.
  if (document === undefined) return sbom.digest;
  const packages = readSbomPackages(document).map(({ type, name, version, purl }) => [type, name, version, purl]);
  return digestOf(canonicalJson(packages.map((one) => canonicalJson(one)).sort()));
}
