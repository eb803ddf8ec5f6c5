import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { ReplicaRecord, RepositoryAddress } from './model.ts';
import type { ReplicaState } from './replica-state.ts';

export interface ReplicaWriter {
  /**
   * Writes down, before anything is pushed, what is going to appear at the target, so that the push events of the copy
   * are recognised as ours. Conditional: the first record of a target stays. `complete`: it has arrived whole before.
   */
  intend(record: Omit<ReplicaRecord, 'state' | 'completedAt'>): Promise<'intended' | 'known' | 'complete'>;
  complete(target: ImageLocation, completedAt: string): Promise<void>;
  /** Once the copy was taken away: what appears there later is none of ours. */
  forget(target: ImageLocation): Promise<void>;
}

export interface ReplicaReader {
  find(target: ImageLocation): Promise<ReplicaRecord | undefined>;
  /** Every copy of a manifest, by target. */
  replicasOf(source: ImageLocation): AsyncIterable<ReplicaRecord>;
  /** The registry that an image was copied from, if Lading did it: such an image starts no stage again. */
  sourceOf(target: ImageLocation): Promise<string | undefined>;
}

export interface SetTag {
  readonly digest: Digest;
  readonly setAt: string;
  /**
   * While the tag is being moved: where it was before, or `none`. Who died meanwhile may have left it there, which is no
   * sign that somebody else moved it.
   */
  readonly movingFrom?: Digest | 'none' | undefined;
}

/** Which tags Lading set at targets, and to what: the side of compare-and-set that registries do not have. */
export interface TagLedger {
  find(of: RepositoryAddress, tag: string): Promise<SetTag | undefined>;
  /** Moves the record if it is still on `before`; false where another worker was first. It is under way until `settle`. */
  swap(of: RepositoryAddress, tag: string, before: Digest | undefined, after: Digest, setAt: string): Promise<boolean>;
  /** The tag is where the record says. */
  settle(of: RepositoryAddress, tag: string, digest: Digest): Promise<void>;
  /** False where it is not on that digest any more. */
  drop(of: RepositoryAddress, tag: string, digest: Digest): Promise<boolean>;
}

/** How many copies at once a target takes, of all workers together. */
export interface CopySlots {
  /** One of so many slots of a target; `undefined` while all are taken. It ends by itself where nobody keeps it. */
  take(target: string, most: number): Promise<CopySlot | undefined>;
}

export interface CopySlot {
  /** Says that the work goes on. */
  keep(): Promise<void>;
  release(): Promise<void>;
}

/** The last comparison of each repository with each target. */
export interface ReplicaStates {
  find(source: RepositoryAddress, target: RepositoryAddress): Promise<ReplicaState | undefined>;
  save(state: ReplicaState): Promise<void>;
  all(): AsyncIterable<ReplicaState>;
}

export type ReplicaStore = ReplicaWriter & ReplicaReader & { readonly tags: TagLedger };
