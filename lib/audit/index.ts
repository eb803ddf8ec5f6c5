export { createAuditLog } from './audit-log.ts';
export { inclusionProof, merkleRoot, verifyInclusion } from './merkle.ts';
export {
  type AuditEntry,
  type AuditEvent,
  type Checkpoint,
  GENESIS,
  type Segment,
} from './model.ts';
export type { AppendResult, AuditBlock, AuditBlocks, AuditIndex, AuditLog } from './ports.ts';
export { type RecordEventsPorts, recordEvents } from './record-events.ts';
export { loadAnchors, loadSegment, sealSegments } from './seal-segments.ts';
export { type ChainFault, type ChainReport, verifyChain } from './verify-chain.ts';
export { verifyTrail } from './verify-trail.ts';
