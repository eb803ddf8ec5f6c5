import { join } from 'node:path';
import type { Clock } from '../../../lib/core/clock.ts';
import { type Digest, isDigest } from '../../../lib/core/digest.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { isRepositoryName, isTag } from '../../../lib/core/image-reference.ts';
import { type BlobFiles, createBlobFiles } from './blob-files.ts';
import { collectGarbage, DEFAULT_GRACE_MS, previewGarbage, UPLOAD_TTL_MS } from './collect-garbage.ts';
import { countFiles } from './count-files.ts';
import type { OpenFile } from './files.ts';
import { openJournal } from './journal.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { type DiskBudget, openDiskBudget } from './mirror/disk-budget.ts';
import type { RegistryEvent, RegistryStore, StoredManifest } from './model.ts';
import { type RegistryRecord, registryRecord } from './records.ts';
import { anySpace, type Space } from './space.ts';
import { createState, type ManifestEntry, type RegistryState, type Repository, sortedTags } from './state.ts';
import type { StoreParts } from './store-parts.ts';
import { openUploads } from './uploads.ts';
import { deleteBlob } from './write-blobs.ts';
import { artifactMediaTypeOf, deleteManifest, deleteRepository, deleteTag, putManifest } from './write-manifests.ts';

export interface StoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly open: OpenFile;
  readonly maxBlobBytes: number;
  /** Bytes that the folder may take; without it, the disk's own size is the limit. */
  readonly budgetBytes?: number | undefined;
  readonly onProblem: (error: unknown) => void;
}

export interface OpenedStore {
  readonly store: RegistryStore;
  readonly parts: StoreParts;
  readonly budget: DiskBudget | undefined;
  onEvent(listener: (event: RegistryEvent) => void): () => void;
  close(): Promise<void>;
}

/** Opens the folder: replays the journal, drops what has lost its file, takes up or sweeps uploads. */
export async function openStore(options: StoreOptions): Promise<OpenedStore> {
  const { directory, clock, open, onProblem } = options;
  const files = await countFiles(await createBlobFiles(directory, open));
  let space: Space = anySpace;
  const uploads = await openUploads({ directory, open, clock, maxBytes: options.maxBlobBytes, space: () => space });
  await uploads.sweep(UPLOAD_TTL_MS);
  const state = createState();
  const watchers: ((record: RegistryRecord) => void)[] = [];
  const journal = await openJournal({
    path: join(directory, 'journal.jsonl'),
    open,
    parse: (value) => registryRecord.safeParse(value).data,
    apply: (record) => {
      state.apply(record);
      for (const watcher of watchers) watcher(record);
    },
    snapshot: state.snapshot,
    liveRecords: state.liveRecords,
    onProblem,
  });
  await dropLost(state, files, onProblem);

  const listeners = new Set<(event: RegistryEvent) => void>();
  const parts: StoreParts = {
    state,
    journal,
    files,
    uploads,
    get space() {
      return space;
    },
    clock,
    locks: { digest: createKeyedLock(), repository: createKeyedLock() },
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          // The push is done and durable; a listener's fault is not the client's.
          onProblem(error);
        }
      }
    },
  };
  const { budgetBytes } = options;
  const watch = (watcher: (record: RegistryRecord) => void): void => void watchers.push(watcher);
  const budget =
    budgetBytes === undefined
      ? undefined
      : await openDiskBudget({ parts, files, watch }, { directory, budgetBytes, onProblem });
  space = budget ?? anySpace;
  return {
    store: createStore(parts),
    parts,
    budget,
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      await budget?.close();
      await uploads.close();
      await journal.close();
      await files.close();
    },
  };
}

/** What the index names and the disk has not (removed by hand, a disk that lied) must read as absent. */
async function dropLost(state: RegistryState, files: BlobFiles, onProblem: (error: unknown) => void): Promise<void> {
  const present = new Set(await files.list());
  let lost = 0;
  for (const { name: repository, blobs, manifests } of state.repositories.values()) {
    const digests = [...blobs.keys()].filter((digest) => !present.has(digest));
    if (digests.length > 0) state.apply({ type: 'blobs-deleted', repository, digests });
    const gone = [...manifests.keys()].filter((digest) => !present.has(digest));
    for (const digest of gone) state.apply({ type: 'manifest-deleted', repository, digest });
    lost += digests.length + gone.length;
  }
  if (lost > 0) {
    onProblem(
      new LadingError('registry-content-lost', `${lost} blobs or manifests of the registry have no file any more`, {
        hint: 'push the images again',
      }),
    );
  }
}

function createStore(parts: StoreParts): RegistryStore {
  const { state } = parts;
  const find = (name: string): Repository | undefined => state.repositories.get(name);
  const digestOfReference = (repository: Repository | undefined, reference: string): Digest | undefined =>
    isDigest(reference) ? reference : repository?.tags.get(reference)?.digest;
  const findManifest = (name: string, reference: string): StoredManifest | undefined => {
    const repository = find(name);
    const digest = digestOfReference(repository, reference);
    const entry = digest && repository?.manifests.get(digest);
    return digest && entry ? toStored(digest, entry) : undefined;
  };

  return {
    listRepositories: () =>
      [...state.repositories.values()]
        .map(({ name, createdAt }) => ({ name, createdAt: new Date(createdAt) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    createRepository: (name) => {
      assertName(name);
      return parts.locks.repository.run(name, async () => {
        if (state.repositories.has(name)) return 'exists';
        await parts.journal.append({ type: 'repository', repository: name, at: parts.clock.now().getTime() });
        return 'created';
      });
    },
    deleteRepository: (name, { force = false } = {}) => deleteRepository(parts, name, force),
    listManifests: (name) => [...(find(name)?.manifests ?? [])].map(([digest, entry]) => toStored(digest, entry)),
    findManifest,
    async getManifest(name, reference) {
      const manifest = findManifest(name, reference);
      const bytes = manifest && (await parts.files.read(manifest.digest, manifest.size));
      return bytes && { manifest, bytes };
    },
    putManifest: async (name, pushed) => {
      assertName(name);
      for (const tag of pushed.tags ?? []) {
        if (!isTag(tag)) throw new LadingError('tag-invalid', `"${tag.slice(0, 140)}" is not a tag`);
      }
      return putManifest(parts, name, pushed);
    },
    deleteManifest: (name, digest) => deleteManifest(parts, name, digest),
    deleteTag: (name, tag) => deleteTag(parts, name, tag),
    deleteBlob: (name, digest) => deleteBlob(parts, name, digest),
    tags: (name) => listTags(find(name)),
    referrers: (name, subject) => {
      const repository = find(name);
      return [...(repository?.referrers.get(subject) ?? [])].sort().flatMap((digest) => {
        const entry = repository?.manifests.get(digest);
        return entry ? [toStored(digest, entry)] : [];
      });
    },
    blobSize: (name, digest) => find(name)?.blobs.get(digest)?.size,
    collectGarbage: ({ graceMs = DEFAULT_GRACE_MS, dryRun = false } = {}) =>
      dryRun ? previewGarbage(parts, graceMs) : collectGarbage(parts, graceMs),
    async readBlob(name, digest) {
      const size = find(name)?.blobs.get(digest)?.size;
      return size === undefined ? undefined : parts.files.read(digest, size);
    },
    contents: () => new Map([...state.contents].map(([digest, { size }]) => [digest, size])),
    diskUsage: () => {
      const { count, bytes } = parts.uploads.usage();
      let stored = 0;
      for (const { size } of state.contents.values()) stored += size;
      return { blobs: state.contents.size, bytes: stored, uploads: count, uploadBytes: bytes };
    },
  };
}

function listTags(repository: Repository | undefined) {
  if (!repository) return [];
  return sortedTags(repository).flatMap((tag) => {
    const entry = repository.tags.get(tag);
    return entry ? [{ tag, digest: entry.digest, pushedAt: new Date(entry.at) }] : [];
  });
}

function toStored(digest: Digest, { summary, pushedAt, tags }: ManifestEntry): StoredManifest {
  const artifactMediaType = artifactMediaTypeOf(summary);
  return {
    ...summary,
    digest,
    ...(artifactMediaType === undefined ? {} : { artifactMediaType }),
    tags: [...tags].sort(),
    pushedAt: new Date(pushedAt),
  };
}

function assertName(name: string): void {
  if (!isRepositoryName(name)) {
    throw new LadingError('repository-name-invalid', `"${name.slice(0, 300)}" is not a repository name`);
  }
}
