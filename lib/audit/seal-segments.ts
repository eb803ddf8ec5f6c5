import { z } from 'zod';
import { type Digest, isDigest } from '../core/digest.ts';
import { type DocumentStore, loadJson, putJsonIfAbsent } from '../documents/index.ts';
import { auditEntrySchema } from './chain.ts';
import { auditError } from './errors.ts';
import { merkleRoot } from './merkle.ts';
import { type Checkpoint, GENESIS, SEGMENT_SIZE, type Segment } from './model.ts';
import type { AuditLog } from './ports.ts';
import { verifyChain } from './verify-chain.ts';

/*
 * Layout of the evidence, below `audit/`, in a store that overwrites and deletes nothing (Object Lock):
 *   segments/000000000001-000000001000.json.zst   entries 1 to 1000 with their Merkle root
 *   checkpoints/000000000742.json.zst             sequence number and hash of the newest entry when a day ended
 */
const SEGMENTS = 'audit/segments/';
const CHECKPOINTS = 'audit/checkpoints/';
const pad = (seq: number): string => String(seq).padStart(12, '0');

const segmentKey = (from: number, to: number): string => `${SEGMENTS}${pad(from)}-${pad(to)}.json.zst`;
const SEGMENT_KEY = /^audit\/segments\/(\d{12})-(\d{12})\.json\.zst$/;
const CHECKPOINT_KEY = /^audit\/checkpoints\/(\d{12})\.json\.zst$/;

const digest = z.custom<Digest>(isDigest, 'not a digest');
const checkpointSchema = z.object({ seq: z.int().nonnegative(), hash: digest });
const segmentSchema = z.object({
  format: z.literal('lading-audit-segment/1'),
  from: z.int().positive(),
  to: z.int().positive(),
  prevHash: digest,
  lastHash: digest,
  merkleRoot: digest,
  entries: z.array(auditEntrySchema),
});

/**
 * Seals every whole segment that is not sealed yet, and says which. Its content follows from the trail alone, so two
 * who seal at once write the same bytes.
 *
 * @throws LadingError `audit-tampered` when the trail does not verify, or does not follow from what was sealed before
 */
export async function sealSegments(
  log: AuditLog,
  evidence: DocumentStore,
  head: Checkpoint,
): Promise<readonly Segment[]> {
  const last = await lastSealed(evidence);
  const sealed: Segment[] = [];
  let start = last;
  while (start.seq + SEGMENT_SIZE <= head.seq) {
    const segment = await readSegment(log, start);
    await putJsonIfAbsent(evidence, segmentKey(segment.from, segment.to), segment);
    sealed.push(segment);
    start = { seq: segment.to, hash: segment.lastHash };
  }
  return sealed;
}

async function readSegment(log: AuditLog, start: Checkpoint): Promise<Segment> {
  const [from, to] = [start.seq + 1, start.seq + SEGMENT_SIZE];
  const entries = await log.list(start.seq, SEGMENT_SIZE);
  const verdict = await verifyChain(entries, { start });
  if (verdict.kind === 'broken') {
    const [fault] = verdict.faults;
    throw auditError('audit-tampered', `the audit trail is ${fault?.kind} at entry ${fault?.seq}`);
  }
  if (verdict.head.seq !== to)
    throw auditError('audit-tampered', `the audit trail ends at ${verdict.head.seq}, before ${to}`);
  const root = merkleRoot(entries.map(({ hash }) => hash));
  const { hash: lastHash } = verdict.head;
  return { format: 'lading-audit-segment/1', from, to, prevHash: start.hash, lastHash, merkleRoot: root, entries };
}

async function lastSealed(evidence: DocumentStore): Promise<Checkpoint> {
  let newest: string | undefined;
  for await (const key of evidence.list(SEGMENTS)) if (newest === undefined || key > newest) newest = key;
  if (newest === undefined) return GENESIS;
  const segment = await loadSegment(evidence, newest);
  return { seq: segment.to, hash: segment.lastHash };
}

/** @throws LadingError `audit-damaged` */
export async function loadSegment(evidence: DocumentStore, key: string): Promise<Segment> {
  const segment = await loadJson(evidence, key, segmentSchema);
  const [, from, to] = SEGMENT_KEY.exec(key) ?? [];
  if (segment === undefined || segment.from !== Number(from) || segment.to !== Number(to)) {
    throw auditError('audit-damaged', `the sealed segment ${key} is missing or holds other entries than its name says`);
  }
  return segment;
}

/** Writes down where the trail ends, so that an end that is cut off later shows. The first record stays. */
export async function recordCheckpoint(evidence: DocumentStore, { seq, hash }: Checkpoint): Promise<void> {
  await putJsonIfAbsent(evidence, `${CHECKPOINTS}${pad(seq)}.json.zst`, { seq, hash });
}

/** Everything that was recorded elsewhere about the trail: ends of segments, and checkpoints. */
export async function loadAnchors(
  evidence: DocumentStore,
): Promise<{ readonly segments: readonly string[]; readonly checkpoints: readonly Checkpoint[] }> {
  const segments: string[] = [];
  for await (const key of evidence.list(SEGMENTS)) if (SEGMENT_KEY.test(key)) segments.push(key);
  const checkpoints: Checkpoint[] = [];
  for await (const key of evidence.list(CHECKPOINTS)) {
    if (!CHECKPOINT_KEY.test(key)) continue;
    const checkpoint = await loadJson(evidence, key, checkpointSchema);
    if (checkpoint !== undefined) checkpoints.push(checkpoint);
  }
  return { segments: segments.sort(), checkpoints };
}
