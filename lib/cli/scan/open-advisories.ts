import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../core/clock.ts';
import { digestHex, digestOf } from '../../core/digest.ts';
import { isLadingError, LadingError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import { memoryDocuments } from '../../documents/adapters/memory-documents.ts';
import { type DocumentStore, loadJson, putJson } from '../../documents/index.ts';
import { bundledSource } from '../../vulnerabilities/adapters/bundled-source.ts';
import { memoryAdvisoryStore } from '../../vulnerabilities/adapters/memory-advisory-store.ts';
import { packedAdvisoryStore } from '../../vulnerabilities/adapters/packed-advisory-store.ts';
import {
  type AdvisorySource,
  type AdvisoryStore,
  COMPILER_VERSION,
  type Snapshot,
  type SourceReport,
  sourceProblems,
  syncAdvisories,
} from '../../vulnerabilities/index.ts';
import { cacheFolder } from '../cache-folder.ts';
import { cachedDocuments } from '../file-documents.ts';
import { type AdvisoryFiles, filesSource, findAdvisories, type KnownFailures } from './advisory-files.ts';

export interface OpenedAdvisories {
  readonly snapshot: Snapshot;
  readonly store: Pick<AdvisoryStore, 'loadShards'>;
  readonly sources: readonly SourceReport[];
}

/**
 * Compiles advisories for lookup by package: those that come with Lading, or those of folders and files. The latter are
 * kept compiled in the user's cache, and only files that changed are read again.
 *
 * @throws LadingError `advisories-missing`, `advisories-unusable`
 */
export async function openAdvisories(
  paths: readonly string[],
  options: { readonly cache: boolean },
): Promise<OpenedAdvisories> {
  if (paths.length === 0) return compile([bundledSource()], memoryAdvisoryStore());
  const found = await findAdvisories(paths);
  const inMemory = () =>
    compile(
      found.map((files) => filesSource(files, digestOf, { find: () => undefined })),
      memoryAdvisoryStore(),
    );
  return options.cache ? openCached(found, inMemory) : inMemory();
}

const DAMAGED = ['shard-missing', 'snapshot-missing', 'document-damaged'] as const;
const isDamage = (error: unknown): boolean => DAMAGED.some((code) => isLadingError(error, code));

/** A folder for each set of files, so that two sets do not push each other out. */
async function openCached(
  found: readonly AdvisoryFiles[],
  inMemory: () => Promise<OpenedAdvisories>,
): Promise<OpenedAdvisories> {
  const set = digestHex(digestOf(canonicalJson([COMPILER_VERSION, found]))).slice(0, 32);
  const folder = join(cacheFolder(), 'advisories', set);
  const documents = cachedDocuments(folder);
  try {
    const failures = await readFailures(documents);
    const sources = found.map((files) => filesSource(files, digestOf, failures));
    const opened = await compileFresh(sources, packedAdvisoryStore(join(folder, 'packs')));
    await failures.keep(documents, opened.sources);
    // Whatever is wrong with the folder shows here, while all the advisories can still be compiled.
    const shards = opened.snapshot.sources.flatMap(({ ecosystems }) => ecosystems.flatMap((one) => one.shards));
    const sample = shards.find((shard) => shard !== null);
    if (sample) await opened.store.loadShards([sample]);
    return withRescue(opened, inMemory);
  } catch (error) {
    if (!isDamage(error)) throw error;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    return inMemory();
  }
}

/** A shard that is gone from the cache is compiled again, with all the others. */
function withRescue(opened: OpenedAdvisories, inMemory: () => Promise<OpenedAdvisories>): OpenedAdvisories {
  const loadShards: AdvisoryStore['loadShards'] = async (digests) => {
    try {
      return await opened.store.loadShards(digests);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return (await inMemory()).store.loadShards(digests);
    }
  };
  return { ...opened, store: { loadShards } };
}

/**
 * A stack keeps what a source said while it fails. Here a person has changed the file and sees the message, so that
 * what it said before would be a surprise.
 */
async function compileFresh(sources: readonly AdvisorySource[], store: AdvisoryStore): Promise<OpenedAdvisories> {
  const opened = await compile(sources, store);
  const failed = new Set(opened.sources.filter(({ state }) => state === 'failed').map(({ name }) => name));
  if (!opened.snapshot.sources.some(({ name }) => failed.has(name))) return opened;
  const currentSnapshot: AdvisoryStore['currentSnapshot'] = async () => {
    const current = await store.currentSnapshot();
    const kept = current?.snapshot.sources.filter(({ name }) => !failed.has(name)) ?? [];
    return current && { ...current, snapshot: { ...current.snapshot, sources: kept } };
  };
  return compile(sources, { ...store, currentSnapshot });
}

async function compile(sources: readonly AdvisorySource[], store: AdvisoryStore): Promise<OpenedAdvisories> {
  const ports = {
    sources,
    store,
    documents: memoryDocuments(),
    clock: systemClock,
    // Nobody here waits for news, so no snapshot needs to be told again.
    progress: {
      lastRematched: async () => {
        const current = await store.currentSnapshot();
        return current && { id: current.snapshot.id, sequence: current.sequence };
      },
    },
  };
  const made = await syncAdvisories(ports, { acceptShrink: true, quiet: true });
  if (made.snapshot === undefined || made.kind === 'failed') {
    const [first] = made.sources;
    throw new LadingError('advisories-unusable', `none of the files holds advisories: ${first?.problem?.message}`, {
      hint: 'which formats are read, docs/matching.md says',
    });
  }
  return { snapshot: made.snapshot, store, sources: made.sources };
}

const FAILURES = 'failures.zst';
const failuresSchema = z.array(
  z.object({
    name: z.string(),
    kind: z.enum(sourceProblems).default('malformed'),
    message: z.string(),
    validator: z.string(),
  }),
);

/** Which files are no advisories, so that they are not read for nothing each time. */
async function readFailures(documents: DocumentStore) {
  const known = (await loadJson(documents, FAILURES, failuresSchema)) ?? [];
  const byName = new Map(known.map((one) => [one.name, one]));
  const asked = new Map<string, string>();
  return {
    find(name: string, validator: string): ReturnType<KnownFailures['find']> {
      asked.set(name, validator);
      const one = byName.get(name);
      return one?.validator === validator ? one : undefined;
    },
    async keep(into: DocumentStore, reports: readonly SourceReport[]): Promise<void> {
      const failed = reports.flatMap(({ name, problem }) => {
        const validator = asked.get(name);
        const lasting = problem && problem.kind !== 'unreachable' && validator !== undefined;
        return lasting ? [{ name, ...problem, validator }] : [];
      });
      const same = failed.every(({ name, validator }) => byName.get(name)?.validator === validator);
      if (!same || failed.length !== byName.size) await putJson(into, FAILURES, failed);
    },
  };
}
