import type { Snapshot, StoredSnapshot } from './model.ts';

/** Snapshots, which are never changed once they are there. */
export interface SnapshotStore {
  save(snapshot: Snapshot): Promise<StoredSnapshot>;
  /** Keys of a registry's snapshots, or of all, the oldest first. */
  list(registry?: string): Promise<readonly string[]>;
  /** @throws LadingError `snapshot-unknown`, `snapshot-damaged` */
  load(key: string): Promise<StoredSnapshot>;
}
