import type { AuditEntry, AuditEvent, Checkpoint } from './model.ts';

export interface AppendResult {
  /** In the order of the events given; those already in the trail are not among them. */
  readonly appended: readonly AuditEntry[];
  /** The newest entry before these; `recordedAt` is absent where there was none. */
  readonly before: Checkpoint & { readonly recordedAt?: string };
  readonly head: Checkpoint;
}

export interface AuditLog {
  /** Each event once, however often it is given and by however many at once. @throws LadingError `audit-contended` */
  append(events: readonly AuditEvent[]): Promise<AppendResult>;
  /** Oldest first, the entries after the given one. */
  list(afterSeq: number, limit: number): Promise<readonly AuditEntry[]>;
  /** The newest entry; `GENESIS` when there is none. */
  head(): Promise<Checkpoint>;
}

/** One row of a trail: consecutive entries, written once. */
export interface AuditBlock {
  /** The number under which the row stands: that of its first entry. */
  readonly first: number;
  readonly entries: readonly AuditEntry[];
}

export interface AuditBlocks {
  /** False where something stands under that number already. */
  putIfAbsent(block: AuditBlock): Promise<boolean>;
  last(): Promise<AuditBlock | undefined>;
  /** At most `limit` blocks, in order, beginning with the one that starts at `seq` or after it. */
  from(seq: number, limit: number): Promise<readonly AuditBlock[]>;
}

/** Which events are in the trail. */
export interface AuditIndex {
  /** Those of the ids that are. A consistent read. */
  known(eventIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Idempotent. */
  add(entries: readonly AuditEntry[]): Promise<void>;
}
