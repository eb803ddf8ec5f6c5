import type { Digest } from '../core/digest.ts';
import type { DocumentRef } from '../documents/index.ts';
import type { SourceProblem } from './errors.ts';
import type { MatchablePackage, ScanRecord, Shard, Snapshot, SourceScope } from './model.ts';

export interface SourceFile {
  readonly path: string;
  /** As stored: plain, gzip or zstd. */
  readonly bytes: Uint8Array;
}

/** A file of one record, which takes the place of what was known under that name. */
export interface ChangedFile extends SourceFile {
  /** As `recordKey` of the reading names it. */
  readonly record: string;
}

/** What changed since the reading that gave the validator. */
export interface ChangeReading {
  readonly kind: 'changes';
  readonly files: readonly ChangedFile[];
  /** Records that its publisher took away. */
  readonly gone: readonly string[];
  /** The name by which changes speak of a record, where that is not its id (a file's name). */
  readonly recordKey?: ((record: string) => string) | undefined;
  readonly validator: string;
}

/**
 * `absent`: the source holds nothing, as its owner wishes, and contributes nothing. `changes` is only given where a
 * validator of that source was.
 */
export type SourceReading = (
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'files';
      readonly files: AsyncIterable<SourceFile>;
      readonly validator?: string | undefined;
      /** They may be older than what was read before: the changes since count at once, so that nothing goes back. */
      readonly isBehind?: boolean;
    }
  | ChangeReading
) & {
  /** What was asked of the network for it. */
  readonly fetchedBytes?: number | undefined;
};

/** Where advisories come from. Reading may fail half way; then nothing of it is used. */
export interface AdvisorySource {
  readonly name: string;
  readonly scope: SourceScope;
  /** @throws AdvisorySourceError */
  read(validator: string | undefined): Promise<SourceReading>;
}

/** The snapshot in force; `sequence` grows by one with each. */
export interface CurrentSnapshot {
  readonly snapshot: Snapshot;
  readonly sequence: number;
}

export interface AdvisoryStore {
  currentSnapshot(): Promise<CurrentSnapshot | undefined>;
  snapshot(id: Digest): Promise<Snapshot | undefined>;
  /** @throws LadingError `document-damaged` or `shard-missing`: a snapshot in force has all its shards. */
  loadShards(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, Shard>>;
  /** Stores shards by digest, each as its canonical JSON; nothing refers to them yet. */
  putShards(shards: ReadonlyMap<Digest, string>): Promise<void>;
  /** Stores the snapshot, whose shards are all there, then makes it current; `conflict` when another one became it meanwhile. */
  putSnapshot(snapshot: Snapshot, after: CurrentSnapshot | undefined): Promise<CurrentSnapshot | 'conflict'>;
  /** Stores the snapshot in force again, of the same content and id, because the sources gave other validators for it. */
  renewSnapshot(snapshot: Snapshot, current: CurrentSnapshot): Promise<void>;
}

/** How it stands with a source. Times are UTC. */
export interface SourceState {
  /** When it was last read, or found unchanged. */
  readonly goodAt?: string | undefined;
  /** What has been wrong since then. */
  readonly problem?: { readonly kind: SourceProblem; readonly message: string; readonly since: string } | undefined;
  /** What the last run fetched of it, and what all did that are remembered. */
  readonly fetched?: { readonly last: number; readonly total: number } | undefined;
}

/** What is remembered of the sources between two runs, so that one that fails for long is seen. */
export interface SourceLog {
  sourceStates(): Promise<Readonly<Record<string, SourceState>>>;
  recordStates(states: Readonly<Record<string, SourceState>>): Promise<void>;
}

/** How far rematching has come: the snapshot whose news every image has been told. */
export interface RematchProgress {
  lastRematched(): Promise<{ readonly id: Digest; readonly sequence: number } | undefined>;
  /** Never goes back to an older snapshot. */
  markRematched(snapshot: { readonly id: Digest; readonly sequence: number }): Promise<void>;
}

/** The newest scan of each image, by location key (`registry/repository@digest`). */
export interface ScanStore {
  find(image: string): Promise<ScanRecord | undefined>;
  /** `superseded` when a scan against a newer snapshot is there already; that one stays. */
  put(record: ScanRecord): Promise<'stored' | 'superseded'>;
  all(): AsyncIterable<ScanRecord>;
}

/** Which images hold which packages: an advisory's news finds its images without reading a layer or an SBOM. */
export interface PackageIndex {
  /** Idempotent. Rows are complete before this returns. */
  add(image: string, packages: readonly MatchablePackage[]): Promise<void>;
  imagesWith(
    ecosystem: string,
    name: string,
  ): AsyncIterable<{ readonly image: string; readonly versions: readonly string[] }>;
}

/** Reads the packages back out of a stored SBOM. */
export interface PackageReader {
  packagesOf(sbom: DocumentRef): Promise<readonly MatchablePackage[]>;
}
