import type { Digest } from '../core/digest.ts';
import type { Json } from '../core/json.ts';

/** An event as it goes into the trail, before it has a place there. */
export interface AuditEvent {
  /** The event's own id, the same in every delivery of it. */
  readonly eventId: string;
  /** When it happened, as the event says; ISO 8601. */
  readonly time: string;
  readonly source: string;
  readonly detailType: string;
  /** `registry/repository@digest`, where the event is about one image. */
  readonly subject?: string;
  /** The event's detail; one over 16 KiB is replaced by `{ "document": { key, digest, bytes } }`. */
  readonly detail: Json;
}

/** An event with its place: it names the hash of the one before it, so that none can be changed without all after it. */
export interface AuditEntry extends AuditEvent {
  /** 1, 2, 3, … without gaps. */
  readonly seq: number;
  /** When it was appended; ISO 8601. */
  readonly recordedAt: string;
  readonly prevHash: Digest;
  /** SHA-256 of the canonical JSON of everything else in the entry. */
  readonly hash: Digest;
}

/** A place in the trail and its hash, which vouches for everything before it. */
export interface Checkpoint {
  readonly seq: number;
  readonly hash: Digest;
}

/** A thousand consecutive entries, as they go to the evidence store. */
export interface Segment {
  readonly format: 'lading-audit-segment/1';
  readonly from: number;
  readonly to: number;
  readonly prevHash: Digest;
  readonly lastHash: Digest;
  /** Over the hashes of the entries in their order (RFC 9162, section 2.1.1). */
  readonly merkleRoot: Digest;
  readonly entries: readonly AuditEntry[];
}

/** Where a trail begins. */
export const GENESIS: Checkpoint = { seq: 0, hash: `sha256:${'0'.repeat(64)}` };

/** Fixed for good: the boundaries of sealed segments follow from it. */
export const SEGMENT_SIZE = 1000;
