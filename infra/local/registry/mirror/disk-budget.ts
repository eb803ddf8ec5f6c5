import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '../../../../lib/core/digest.ts';
import { LadingError } from '../../../../lib/core/errors.ts';
import {
  type CacheBudget,
  type CacheLease,
  type CacheStatus,
  createCacheBudget,
  graphKey,
} from '../../../../lib/mirror/index.ts';
import type { CountedFiles } from '../count-files.ts';
import { systemCode } from '../errors.ts';
import type { RegistryRecord } from '../records.ts';
import { onDisk, type Space } from '../space.ts';
import type { StoreParts } from '../store-parts.ts';
import { dropGraph } from './drop-graph.ts';
import { contentsOf, keysOf } from './image-graphs.ts';
import { openMemoryFile } from './memory-file.ts';

/** Images that were pulled a moment ago are about to be pulled further: manifest first, then a layer after the other. */
const PULL_LEASE_MS = 2 * 60_000;
const PULL = 'pull';
/** Kept free for journal lines that are written without asking (a tag that moves, a mount). */
const MARGIN = 64 * 1024;
/** How many requests may be forgotten by a crash. */
const REMEMBER_AFTER = 64;

/** The mirror's folder with a budget: see `lib/mirror/cache`. */
export interface DiskBudget extends Space {
  /** Somebody pulls the image that the content belongs to; until the returned function is called it stays. */
  pulling(repository: string, digest: Digest): () => void;
  lease(lease: CacheLease): Promise<void>;
  release(key: string, holder: string): Promise<void>;
  replaceLeases(holder: string, leases: ReadonlyMap<string, number | undefined>): Promise<void>;
  leases(): readonly CacheLease[];
  /** Since the last `forget` of it. */
  activity(): CacheActivity;
  status(): Promise<CacheStatus>;
  close(): Promise<void>;
}

export interface CacheActivity {
  /** Keys of images that had to go. */
  readonly evicted: readonly string[];
  /** How often manifests of each image were pulled. */
  readonly pulls: ReadonlyMap<string, number>;
  forget(): void;
}

export interface DiskBudgetParts {
  readonly parts: StoreParts;
  readonly files: CountedFiles;
  watch(listener: (record: RegistryRecord) => void): void;
}

/**
 * Puts a store under a budget: files under their digests, downloads on their way, the journal (twice, because it is
 * rewritten beside itself) and every other file of the folder count; directories do not.
 */
export async function openDiskBudget(
  { parts, files, watch }: DiskBudgetParts,
  options: { readonly directory: string; readonly budgetBytes: number; readonly onProblem: (error: unknown) => void },
): Promise<DiskBudget> {
  const { directory, budgetBytes, onProblem } = options;
  await removeLost(parts, files);
  let cache: CacheBudget | undefined;
  const evicted = new Set<string>();
  const pulls = new Map<string, number>();
  const memory = await openMemoryFile(
    join(directory, 'cache.json'),
    () => cache?.memory() ?? { age: 0, graphs: [], leases: [] },
    onProblem,
  );
  const opened = createCacheBudget({
    budgetBytes,
    clock: parts.clock,
    memory: memory.known,
    disk: {
      usedBytes: async () => files.bytes() + (await otherBytes(directory)) + MARGIN,
      drop: (key, contents) => {
        evicted.add(key);
        return dropGraph(parts, key, contents);
      },
    },
  });
  cache = opened;
  follow(parts, opened, watch);
  const room = await opened.reserve(0);
  if (room === undefined) onProblem(overBudget(await opened.status()));
  let touches = 0;
  const remember = (): Promise<void> => memory.write().catch(onProblem);
  return {
    async take(bytes, wanted) {
      const place = await opened.reserve(bytes, wanted);
      return place === undefined ? undefined : () => place.settle();
    },
    pulling(repository, digest) {
      const releases = keysOf(parts.state, repository, digest).map((key) => {
        opened.touch(key);
        if (parts.state.repositories.get(repository)?.manifests.has(digest)) {
          pulls.set(key, (pulls.get(key) ?? 0) + 1);
        }
        opened.lease({ key, holder: PULL, until: parts.clock.now().getTime() + PULL_LEASE_MS });
        return opened.pin(key);
      });
      touches += 1;
      if (touches % REMEMBER_AFTER === 0) void remember();
      return () => releases.forEach((release) => void release());
    },
    lease(lease) {
      opened.lease(lease);
      return memory.write();
    },
    release(key, holder) {
      opened.release(key, holder);
      return memory.write();
    },
    replaceLeases(holder, leases) {
      opened.replaceLeases(holder, leases);
      return memory.write();
    },
    leases: () => opened.leases(),
    activity() {
      const [gone, wanted] = [[...evicted], new Map(pulls)];
      return {
        evicted: gone,
        pulls: wanted,
        forget() {
          for (const key of gone) evicted.delete(key);
          for (const [key, count] of wanted) {
            const left = (pulls.get(key) ?? 0) - count;
            if (left > 0) pulls.set(key, left);
            else pulls.delete(key);
          }
        },
      };
    },
    status: () => opened.status(),
    close: remember,
  };
}

/** Whatever changes in the index changes what the images hold. */
function follow(parts: StoreParts, cache: CacheBudget, watch: DiskBudgetParts['watch']): void {
  const refresh = (name: string, key: string, root: Digest): void => {
    const repository = parts.state.repositories.get(name);
    if (repository?.manifests.has(root)) cache.held(key, contentsOf(repository, root));
    else cache.gone(key);
  };
  const refreshAll = (name: string, digest: Digest): void => {
    for (const key of keysOf(parts.state, name, digest)) refresh(name, key, rootIn(key));
  };
  for (const { name, manifests } of parts.state.repositories.values()) {
    for (const digest of manifests.keys()) refreshAll(name, digest);
  }
  watch((record) => {
    switch (record.type) {
      case 'manifest': {
        // A child that was here by itself is the index's now; so is a signature that came before its image.
        const { children, blobs } = record.manifest;
        for (const each of [...children, ...blobs]) cache.gone(graphKey(record.repository, each.digest));
        for (const each of parts.state.repositories.get(record.repository)?.referrers.get(record.digest) ?? []) {
          cache.gone(graphKey(record.repository, each));
        }
        refreshAll(record.repository, record.digest);
        for (const key of keysOf(parts.state, record.repository, record.digest)) {
          cache.lease({ key, holder: PULL, until: parts.clock.now().getTime() + PULL_LEASE_MS });
        }
        return;
      }
      case 'blob':
        return refreshAll(record.repository, record.digest);
      case 'manifest-deleted':
      case 'blobs-deleted':
      case 'repository-deleted':
        return followDeletion(parts, cache, record, refresh);
      default:
        return;
    }
  });
}

/** Rare, and not told which images are meant: those of the repository are looked at again. */
function followDeletion(
  parts: StoreParts,
  cache: CacheBudget,
  record: Extract<RegistryRecord, { type: 'manifest-deleted' | 'blobs-deleted' | 'repository-deleted' }>,
  refresh: (name: string, key: string, root: Digest) => void,
): void {
  const { repository: name } = record;
  if (record.type === 'manifest-deleted') cache.gone(graphKey(name, record.digest));
  const prefix = `${name}@`;
  for (const key of cache.keys()) if (key.startsWith(prefix)) refresh(name, key, rootIn(key));
  for (const digest of parts.state.repositories.get(name)?.manifests.keys() ?? []) {
    for (const key of keysOf(parts.state, name, digest)) if (!cache.has(key)) refresh(name, key, rootIn(key));
  }
}

const rootIn = (key: string): Digest => key.slice(key.lastIndexOf('@') + 1) as Digest;

/** Files that no link leads to, left by a crash between a rename and its record, or a record and a removal. */
async function removeLost(parts: StoreParts, files: CountedFiles): Promise<void> {
  for (const digest of await files.list()) if (!parts.state.contents.has(digest)) await files.remove(digest);
}

/** Everything in the folder that is neither under a digest nor an upload. What is rewritten beside itself counts twice. */
async function otherBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    bytes += 2 * onDisk(await sizeOf(join(directory, entry.name)));
  }
  return bytes;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

const overBudget = ({ usedBytes, budgetBytes }: CacheStatus): LadingError =>
  new LadingError('disk-over-budget', `${usedBytes} bytes are held and leased, the budget is ${budgetBytes}`, {
    hint: 'raise the budget, or let go of pins and leases; nothing more is stored until then',
  });
