import { LadingError } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import { canonicalJson } from '../core/json.ts';
import { type DocumentRef, loadJson } from '../documents/index.ts';
import type { EventDraft } from '../events/index.ts';
import { compareFindings, isUnchanged, toFindingsChanged } from './compare-findings.ts';
import { diffSnapshots, type PackageDifference } from './diff-snapshots.ts';
import { type ScanPorts, scanImage } from './match-image.ts';
import { judge } from './match-packages.ts';
import { type Finding, type ScanRecord, type Snapshot, scanDocumentSchema } from './model.ts';
import type {
  AdvisoryStore,
  CurrentSnapshot,
  PackageIndex,
  PackageReader,
  RematchProgress,
  ScanStore,
} from './ports.ts';

/** Over this many changed packages, asking the index for each costs more than going over all images. */
const MAX_INDEX_QUERIES = 2000;

export interface TouchPorts {
  readonly advisories: Pick<AdvisoryStore, 'snapshot' | 'loadShards'>;
  readonly index: Pick<PackageIndex, 'imagesWith'>;
  readonly scans: Pick<ScanStore, 'all'>;
  readonly progress: RematchProgress;
}

/** Over this many snapshots since the last rematch, going over all images is simpler than following each step. */
const MAX_STEPS = 20;

/**
 * The images that the news since the last completed rematch touches, by location key: those with a version for which
 * a changed advisory says something else than before. No layer and no SBOM is read for it. It starts from where
 * rematching stands and not from what an event says, so that an event that was lost costs nothing but time.
 *
 * When ecosystems gained or lost their data, every image is touched, since its coverage is another.
 */
export async function* touchedImages(ports: TouchPorts, current: CurrentSnapshot): AsyncGenerator<string> {
  const last = await ports.progress.lastRematched();
  if (last && last.sequence >= current.sequence) return;
  const changes = await changesSince(ports, current, last?.sequence ?? 0);
  if (changes === 'all') {
    for await (const { subject } of ports.scans.all()) yield locationKey(subject);
    return;
  }
  const touched = new Set<string>();
  for (const changed of changes) {
    const isTouched = versionTest(changed);
    for await (const { image, versions } of ports.index.imagesWith(changed.ecosystem, changed.name)) {
      if (touched.has(image) || !versions.some(isTouched)) continue;
      touched.add(image);
      yield image;
    }
  }
}

/**
 * The differences of every step, not only of the ends: an image that was first matched in between saw an advisory
 * that came and went again.
 */
async function changesSince(
  ports: Pick<TouchPorts, 'advisories'>,
  current: CurrentSnapshot,
  sequence: number,
): Promise<readonly PackageDifference[] | 'all'> {
  const steps = current.sequence - sequence;
  if (steps > MAX_STEPS) return 'all';
  const changes: PackageDifference[] = [];
  let to: Snapshot | undefined = current.snapshot;
  for (let step = 0; to && step < steps; step++) {
    const from: Snapshot | undefined = to.previous ? await ports.advisories.snapshot(to.previous) : undefined;
    const { packages, coverageChanged } = await diffSnapshots(ports.advisories, from, to);
    changes.push(...packages);
    if (coverageChanged.length > 0 || changes.length > MAX_INDEX_QUERIES) return 'all';
    to = from;
  }
  return changes;
}

/** Whether the two sides of a difference judge a version differently; each version is judged once. */
function versionTest({ ecosystem, before, after, facts }: PackageDifference): (version: string) => boolean {
  const verdicts = new Map<string, boolean>();
  const said = (statements: PackageDifference['before'], version: string): string =>
    canonicalJson(
      statements
        .filter(({ entry }) => entry.withdrawn === undefined)
        .map(({ source, entry }) => ({ source, entry, verdict: judge(entry, { ecosystem, version }) }))
        .filter(({ verdict }) => verdict.kind !== 'not-affected')
        .map(({ source, entry: { record, ids, severity, cvss, fixState }, verdict }) => [
          source,
          record,
          ids,
          severity,
          cvss,
          fixState,
          verdict,
        ]),
    );
  /** Something else is known of a vulnerability that the version has. */
  const isTold = (version: string): boolean =>
    after.some(
      ({ entry }) =>
        entry.withdrawn === undefined &&
        entry.ids.some((id) => facts.has(id)) &&
        judge(entry, { ecosystem, version }).kind === 'affected',
    );
  return (version) => {
    const known = verdicts.get(version);
    if (known !== undefined) return known;
    const differs = said(before, version) !== said(after, version) || isTold(version);
    verdicts.set(version, differs);
    return differs;
  };
}

export interface RematchPorts extends ScanPorts {
  readonly scans: Pick<ScanStore, 'find' | 'put'>;
  readonly packages: PackageReader;
}

/**
 * Matches one image again from its stored SBOM, and tells what changed for it; nothing when nothing did, or when the
 * image was never scanned (then its first scan will see the news).
 *
 * `archived`: it is gone from its registry and can be brought back; the news says so.
 *
 * The record keeps the scan before, so that a retry after a crash tells the same change again.
 */
export async function rematchImage(
  ports: RematchPorts,
  image: string,
  current: CurrentSnapshot,
  options: { readonly archived?: boolean } = {},
): Promise<readonly EventDraft[]> {
  const record = await ports.scans.find(image);
  if (!record || record.snapshot.sequence > current.sequence) return [];
  if (record.snapshot.sequence === current.sequence) return changeOf(ports, record, options);
  const packages = await ports.packages.packagesOf(record.sbom);
  const { subject, sbom } = record;
  const scanned = await scanImage(ports, { subject, sbom, packages }, current, await findingsOf(ports, record.scan));
  const before: DocumentRef = { key: record.scan.key, digest: record.scan.digest };
  const next: ScanRecord = { ...scanned, before };
  if ((await ports.scans.put(next)) === 'superseded') return [];
  return changeOf(ports, next, options);
}

async function changeOf(
  ports: Pick<RematchPorts, 'documents'>,
  record: ScanRecord,
  options: { readonly archived?: boolean },
): Promise<readonly EventDraft[]> {
  if (!record.before || record.before.digest === record.scan.digest) return [];
  const [before, after] = await Promise.all([findingsOf(ports, record.before), findingsOf(ports, record.scan)]);
  const difference = compareFindings(before, after);
  return isUnchanged(difference) ? [] : [toFindingsChanged(record.subject, record.scan, difference, options)];
}

async function findingsOf(ports: Pick<RematchPorts, 'documents'>, ref: DocumentRef): Promise<readonly Finding[]> {
  const document = await loadJson(ports.documents, ref.key, scanDocumentSchema);
  if (document) return document.findings;
  throw new LadingError('scan-missing', `the scan document ${ref.key} is gone`);
}
