import type { Clock } from '../core/clock.ts';
import { locationKey } from '../core/image-reference.ts';
import { type DocumentRef, type DocumentStore, loadJson, saveJson } from '../documents/index.ts';
import { draftEvent, type EventDraft, type ImageSubject, type SeverityCounts, scanCompleted } from '../events/index.ts';
import { withClocks } from './compare-findings.ts';
import { MATCHER } from './match-packages.ts';
import { matchSnapshot } from './match-snapshot.ts';
import {
  type Finding,
  type MatchablePackage,
  type ScanDocument,
  type ScanRecord,
  scanDocumentSchema,
} from './model.ts';
import type { AdvisoryStore, CurrentSnapshot, PackageIndex, ScanStore } from './ports.ts';

export interface MatchPorts {
  readonly advisories: Pick<AdvisoryStore, 'currentSnapshot' | 'loadShards'>;
  readonly scans: ScanStore;
  readonly index: Pick<PackageIndex, 'add'>;
  readonly documents: DocumentStore;
  readonly clock: Clock;
}

export interface ImageToMatch {
  readonly subject: ImageSubject;
  readonly sbom: DocumentRef & { readonly outcome: ScanRecord['sbom']['outcome'] };
  readonly packages: readonly MatchablePackage[];
}

/**
 * Matches an image's packages against the snapshot in force, records the scan, and says so.
 *
 * The packages enter the index before the snapshot is read: news that comes meanwhile either finds the image in the
 * index, or was in force before it was matched.
 */
export async function matchImage(ports: MatchPorts, image: ImageToMatch): Promise<readonly EventDraft[]> {
  const key = locationKey(image.subject);
  const [previous] = await Promise.all([ports.scans.find(key), ports.index.add(key, image.packages)]);
  const current = await ports.advisories.currentSnapshot();
  // Another SBOM of an image that was scanned before does not start its clocks anew.
  const before = previous && (await loadJson(ports.documents, previous.scan.key, scanDocumentSchema));
  const record = await scanImage(ports, image, current, before?.findings);
  const stored = await ports.scans.put(record);
  // A scan against newer advisories is there already: it is the one to tell of.
  const newest = stored === 'superseded' ? ((await ports.scans.find(key)) ?? record) : record;
  return [draftEvent(scanCompleted, { subject: image.subject, scan: newest.scan })];
}

export interface ScanPorts {
  readonly advisories: Pick<AdvisoryStore, 'loadShards'>;
  readonly documents: DocumentStore;
  readonly clock: Clock;
}

/** Makes the scan of an image and stores its document; recording it as the newest is the caller's. */
export async function scanImage(
  ports: ScanPorts,
  image: ImageToMatch,
  current: CurrentSnapshot | undefined,
  /** Of the scan before, whose clocks run on. */
  before: readonly Finding[] = [],
): Promise<ScanRecord> {
  const { subject, sbom, packages } = image;
  const { findings: found, coverage } = await matchSnapshot(ports.advisories, current?.snapshot, packages);
  const findings = current ? withClocks(before, found, current.snapshot.createdAt) : found;
  const snapshot = current?.snapshot.id;
  const document: ScanDocument = {
    schemaVersion: 1,
    image: subject.digest,
    sbom: { digest: sbom.digest, outcome: sbom.outcome },
    ...(snapshot ? { snapshot } : {}),
    matcher: MATCHER,
    findings: [...findings],
    coverage,
  };
  const saved = await saveJson(ports.documents, 'scans', document);
  return {
    subject,
    sbom: { key: sbom.key, digest: sbom.digest, outcome: sbom.outcome },
    snapshot: { ...(snapshot ? { id: snapshot } : {}), sequence: current?.sequence ?? 0 },
    scan: {
      ...saved,
      matcher: MATCHER,
      ...(snapshot ? { snapshot } : {}),
      counts: countBySeverity(findings),
      fixable: findings.filter(({ fixState }) => fixState === 'fixed').length,
      uncovered: coverage.uncovered,
      packages: coverage.packages,
      sbomOutcome: sbom.outcome,
    },
    scannedAt: ports.clock.now().toISOString(),
  };
}

function countBySeverity(findings: readonly Finding[]): SeverityCounts {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}
