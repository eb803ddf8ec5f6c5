import { describeError, isLadingError } from '../core/errors.ts';
import type { DocumentStore } from '../documents/index.ts';
import { merkleRoot } from './merkle.ts';
import type { AuditEntry, Checkpoint } from './model.ts';
import type { AuditLog } from './ports.ts';
import { loadAnchors, loadSegment } from './seal-segments.ts';
import { type ChainFault, type ChainReport, verifyChain } from './verify-chain.ts';

const PAGE = 1000;

/** Checks the whole trail against itself and against everything in the evidence store. Reads all of both. */
export async function verifyTrail(log: AuditLog, evidence: DocumentStore): Promise<ChainReport> {
  const { segments, checkpoints } = await loadAnchors(evidence);
  const anchors: Checkpoint[] = [...checkpoints];
  const faults: ChainFault[] = [];
  for (const key of segments) {
    const segment = await loadSegment(evidence, key);
    anchors.push({ seq: segment.to, hash: segment.lastHash });
    const own = await verifyChain(segment.entries, { start: { seq: segment.from - 1, hash: segment.prevHash } });
    if (own.kind === 'broken') faults.push(...own.faults);
    const root = merkleRoot(segment.entries.map(({ hash }) => hash));
    if (root !== segment.merkleRoot) faults.push({ kind: 'altered', seq: segment.from });
  }
  const reading: { stopped?: ChainFault } = {};
  const report = await verifyChain(readAll(log, reading), { anchors });
  if (reading.stopped !== undefined) faults.push(reading.stopped);
  if (report.kind === 'broken') faults.push(...report.faults);
  return faults.length === 0 ? report : { kind: 'broken', entries: report.entries, faults };
}

/** The trail as far as it can be read. */
async function* readAll(log: AuditLog, reading: { stopped?: ChainFault }): AsyncGenerator<AuditEntry> {
  for (let after = 0; ; ) {
    let page: readonly AuditEntry[];
    try {
      page = await log.list(after, PAGE);
    } catch (error) {
      if (!isLadingError(error, 'audit-damaged')) throw error;
      reading.stopped = { kind: 'unreadable', seq: after + 1, detail: describeError(error) };
      return;
    }
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = Math.max(after + 1, last.seq);
  }
}
