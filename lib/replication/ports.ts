import type { ImageLocation } from '../core/image-reference.ts';
import type { ReplicaRecord } from './model.ts';

export interface ReplicaWriter {
  /**
   * Writes down, before anything is pushed, what is going to appear at the target, so that the push events of the copy
   * are recognised as ours. Conditional: the first record of a target stays.
   */
  intend(record: Omit<ReplicaRecord, 'state' | 'completedAt'>): Promise<'intended' | 'known'>;
  complete(target: ImageLocation, completedAt: string): Promise<void>;
}

export interface ReplicaReader {
  find(target: ImageLocation): Promise<ReplicaRecord | undefined>;
  /** Every copy of a manifest, by target. */
  replicasOf(source: ImageLocation): AsyncIterable<ReplicaRecord>;
  /** The registry that an image was copied from, if Lading did it: such an image starts no stage again. */
  sourceOf(target: ImageLocation): Promise<string | undefined>;
}

export type ReplicaStore = ReplicaWriter & ReplicaReader;
