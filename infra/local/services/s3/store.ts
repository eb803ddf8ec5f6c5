import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderLock, lockFolder } from '../state/folder-lock.ts';
import { type Journal, openJournal } from '../state/journal.ts';
import { type BlobStore, openBlobStore } from './blobs.ts';
import { noSuchBucket, noSuchUpload } from './errors.ts';
import { SortedKeys } from './keys.ts';
import {
  type Bucket,
  type Part,
  record,
  type StoredObject,
  type StoreRecord,
  type Upload,
  type Version,
} from './model.ts';

export interface BucketState {
  bucket: Bucket;
  readonly keys: SortedKeys;
  /** The versions of each key, newest first; never an empty list. */
  readonly objects: Map<string, readonly Version[]>;
  /** Writes that are past their checks and not yet in the journal. */
  pending: number;
  deleting: boolean;
}

export interface UploadState {
  readonly upload: Upload;
  readonly parts: Map<number, Part>;
}

/** Everything the store knows, rebuilt from the journal and kept in memory; the bytes are in the blob store. */
export class S3Store {
  readonly blobs: BlobStore;
  readonly buckets = new Map<string, BucketState>();
  readonly uploads = new Map<string, UploadState>();
  #journal: Journal<StoreRecord> | undefined;
  readonly #lock: FolderLock;
  readonly #tails = new Map<string, Promise<unknown>>();
  /** Conditional writes whose bytes are on their way, by bucket and key; a deletion in the meantime is noted in them. */
  readonly #conditional = new Map<string, Set<{ deleted: boolean }>>();

  private constructor(blobs: BlobStore, lock: FolderLock) {
    this.blobs = blobs;
    this.#lock = lock;
  }

  /** @throws LadingError `folder-in-use`, `journal-damaged`, `state-invalid` */
  static async open(folder: string): Promise<S3Store> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await lockFolder(folder);
    try {
      const store = new S3Store(await openBlobStore(join(folder, 'data')), lock);
      store.#journal = await openJournal({
        path: join(folder, 'journal'),
        schema: record,
        replay: (entry) => store.#apply(entry),
        snapshot: () => store.#snapshot(),
      });
      await store.blobs.sweep();
      return store;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#journal?.close();
    await this.blobs.settled();
    await this.#lock.release();
  }

  /** @throws S3Error `NoSuchBucket` */
  bucket(name: string): BucketState {
    const state = this.buckets.get(name);
    if (state === undefined || state.deleting) throw noSuchBucket(name);
    return state;
  }

  /** @throws S3Error `NoSuchUpload` */
  upload(id: string, bucket: string, key: string): UploadState {
    const state = this.uploads.get(id);
    if (state === undefined || state.upload.bucket !== bucket || state.upload.key !== key) throw noSuchUpload(id);
    return state;
  }

  /** Makes a change durable, then visible. */
  async commit(entry: StoreRecord): Promise<void> {
    if (this.#journal === undefined) throw new Error('the store is not open');
    await this.#journal.append(entry);
    this.#apply(entry);
  }

  /** One at a time under a name: checks and the commit that rests on them go together. */
  async exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name);
    const run = before === undefined ? work() : before.then(work);
    const tail = run.catch(() => undefined);
    this.#tails.set(name, tail);
    try {
      return await run;
    } finally {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    }
  }

  /** As `exclusive`, for the versions of one key, in a bucket that cannot be deleted meanwhile. */
  exclusiveKey<T>(bucket: string, key: string, work: (state: BucketState) => Promise<T>): Promise<T> {
    return this.exclusive(keyName(bucket, key), async () => {
      const state = this.bucket(bucket);
      state.pending++;
      try {
        return await work(state);
      } finally {
        state.pending--;
      }
    });
  }

  isBusy(bucket: string, key: string): boolean {
    return this.#tails.has(keyName(bucket, key));
  }

  /** Watches a key for deletions from now on, until `end`. */
  watchDeletions(bucket: string, key: string): { readonly deleted: boolean; end(): void } {
    const name = keyName(bucket, key);
    const token = { deleted: false };
    const tokens = this.#conditional.get(name) ?? new Set();
    this.#conditional.set(name, tokens.add(token));
    return {
      get deleted() {
        return token.deleted;
      },
      end: () => {
        tokens.delete(token);
        if (tokens.size === 0 && this.#conditional.get(name) === tokens) this.#conditional.delete(name);
      },
    };
  }

  #noteDeletion(bucket: string, key: string): void {
    for (const token of this.#conditional.get(keyName(bucket, key)) ?? []) token.deleted = true;
  }

  #apply(entry: StoreRecord): void {
    switch (entry.type) {
      case 'bucket': {
        const state = this.buckets.get(entry.bucket.name);
        if (state) state.bucket = entry.bucket;
        else this.buckets.set(entry.bucket.name, newBucket(entry.bucket));
        return;
      }
      case 'bucket-deleted':
        this.buckets.delete(entry.name);
        return;
      case 'put':
        this.#put(entry.bucket, entry.key, entry.version, entry.completes);
        return;
      case 'removed':
        this.#remove(entry.bucket, entry.key, entry.versionId);
        return;
      case 'described':
        this.#replaceVersions(entry.bucket, entry.key, (versions) =>
          versions.map((version) =>
            version.kind === 'object' && version.id === entry.versionId
              ? { ...version, description: entry.description }
              : version,
          ),
        );
        return;
      case 'upload':
        this.uploads.set(entry.upload.id, { upload: entry.upload, parts: new Map() });
        return;
      case 'part': {
        const parts = this.uploads.get(entry.uploadId)?.parts;
        const old = parts?.get(entry.part.number);
        parts?.set(entry.part.number, entry.part);
        this.blobs.retain([entry.part.segment]);
        if (old) this.blobs.release([old.segment]);
        return;
      }
      case 'upload-aborted':
        this.#dropUpload(entry.uploadId);
        return;
    }
  }

  #put(bucket: string, key: string, version: Version, completes: string | undefined): void {
    if (version.kind === 'object') this.blobs.retain(version.segments);
    else this.#noteDeletion(bucket, key);
    this.#replaceVersions(bucket, key, (versions) => {
      const replaced = version.id === 'null' ? versions.filter(({ id }) => id === 'null') : [];
      for (const old of replaced) if (old.kind === 'object') this.blobs.release(old.segments);
      return [version, ...versions.filter((old) => !replaced.includes(old))];
    });
    if (completes !== undefined) this.#dropUpload(completes);
  }

  #remove(bucket: string, key: string, versionId: string): void {
    this.#replaceVersions(bucket, key, (versions) => {
      const gone = versions.find(({ id }) => id === versionId);
      if (gone !== undefined && gone === versions[0]) this.#noteDeletion(bucket, key);
      if (gone?.kind === 'object') this.blobs.release(gone.segments);
      return versions.filter((version) => version !== gone);
    });
  }

  #replaceVersions(bucket: string, key: string, change: (versions: readonly Version[]) => readonly Version[]): void {
    const state = this.buckets.get(bucket);
    if (state === undefined) return;
    const before = state.objects.get(key);
    const after = change(before ?? []);
    if (after.length === 0) {
      state.objects.delete(key);
      if (before) state.keys.remove(key);
    } else {
      state.objects.set(key, after);
      if (!before) state.keys.add(key);
    }
  }

  #dropUpload(id: string): void {
    for (const { segment } of this.uploads.get(id)?.parts.values() ?? []) this.blobs.release([segment]);
    this.uploads.delete(id);
  }

  #snapshot(): readonly StoreRecord[] {
    const records: StoreRecord[] = [];
    for (const [name, state] of this.buckets) {
      records.push({ type: 'bucket', bucket: state.bucket });
      for (const [key, versions] of state.objects) {
        for (const version of versions.toReversed()) records.push({ type: 'put', bucket: name, key, version });
      }
    }
    for (const [uploadId, { upload, parts }] of this.uploads) {
      records.push({ type: 'upload', upload });
      for (const part of parts.values()) records.push({ type: 'part', uploadId, part });
    }
    return records;
  }
}

const keyName = (bucket: string, key: string): string => `${bucket}/${key}`;

const newBucket = (bucket: Bucket): BucketState => ({
  bucket,
  keys: new SortedKeys(),
  objects: new Map(),
  pending: 0,
  deleting: false,
});

/** The version that a request without a version id is about. */
export const currentVersion = (state: BucketState, key: string): Version | undefined => state.objects.get(key)?.[0];

export const currentObject = (state: BucketState, key: string): StoredObject | undefined => {
  const version = currentVersion(state, key);
  return version?.kind === 'object' ? version : undefined;
};
