import type { Digest } from '../core/digest.ts';

/** An upload that was broken off, as another process goes on with it. */
export interface UploadCheckpoint {
  /** The registry's own word on where the next bytes go. */
  readonly location: string;
  /** Bytes that are hashed in `state`; whole blocks of SHA-256. */
  readonly offset: number;
  readonly state: string;
}

/** Where uploads in parts are written down; part of the work state, gone by itself once it is of no use. */
export interface CheckpointStore {
  load(upload: string): Promise<UploadCheckpoint | undefined>;
  save(upload: string, checkpoint: UploadCheckpoint): Promise<void>;
  forget(upload: string): Promise<void>;
}

/** What a copy may take of the machine, of the network and of the time. */
export interface TransferLimits {
  /** Uploads at once, at most. @default two, and four where those are slow */
  readonly uploads?: number;
  /** Told of bytes before they are passed on, and waits as long as they must: a bandwidth that is shared. */
  readonly pace?: (bytes: number) => Promise<void>;
  /** False once no more should be begun: a blob then waits for the next run. */
  readonly mayGoOn?: () => boolean;
  /** Blobs from this size on are sent in parts that another process can go on with, where the registry can. */
  readonly inParts?: { readonly fromBytes: number; readonly partBytes: number; readonly checkpoints: CheckpointStore };
  /** With more than this missing at the target, nothing is begun. Bytes. */
  readonly mostBytes?: number;
}

export const uploadKey = (registry: string, repository: string, digest: Digest): string =>
  `${registry}/${repository}@${digest}`;
