import { type Clock, systemClock } from '../../../lib/core/clock.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import type { CacheStatus } from '../../../lib/mirror/index.ts';
import { lockDirectory } from './directory-lock.ts';
import { explainDiskError } from './errors.ts';
import { type OpenFile, openFile } from './files.ts';
import { startServer } from './http/server.ts';
import type { DiskBudget } from './mirror/disk-budget.ts';
import { type Mirror, type MirrorOptions, type MirrorStatus, openMirror } from './mirror/mirror.ts';
import type { RegistryAccess, RegistryEvent, RegistryStore } from './model.ts';
import { openRecallDesk, type Recall } from './recall.ts';
import { type OpenedStore, openStore } from './store.ts';

export type {
  BlobReference,
  DeleteOutcome,
  DiskUsage,
  GarbageReport,
  ManifestSummary,
  PutManifestOutcome,
  RegistryAccess,
  RegistryAction,
  RegistryEvent,
  RegistryStore,
  RepositorySummary,
  StoredManifest,
  TagEntry,
} from './model.ts';

export interface EmbeddedRegistry {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly store: RegistryStore;
  /** What became of requests that a mirror's rules cover; none without a mirror. */
  mirrors(): readonly MirrorStatus[];
  /** How the budget is used; `undefined` without one. */
  cache(): Promise<CacheStatus | undefined>;
  /** Who needs which image, and what went, where there is a budget. */
  readonly budget: DiskBudget | undefined;
  /** The way in for what fetches images ahead of their pulls. */
  readonly mirror: Mirror | undefined;
  /** Tells of pushes and deletions once they are durable, before the client hears of it. Returns the way to stop. */
  onEvent(listener: (event: RegistryEvent) => void): () => void;
  /** Ends open connections too. Uploads in progress can be resumed after the next start. */
  close(): Promise<void>;
}

export interface EmbeddedRegistryOptions {
  /** Created where absent; one running registry per folder. */
  readonly directory: string;
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: everyone may do everything. */
  readonly access?: RegistryAccess;
  /** Serves repositories below the prefixes of its rules from their upstreams. */
  readonly mirror?: MirrorOptions;
  /** What an agent at this registry says of itself, for `/_lading/site`. */
  readonly site?: () => unknown;
  /** Brings back what was archived, when somebody pulls it. */
  readonly recall?: Recall;
  readonly clock?: Clock;
  /** Bytes of the disk that the folder may take; what nobody needs goes where something else wants in. */
  readonly budgetBytes?: number;
  /** Largest blob in bytes; default 52,000 MiB, as ECR. */
  readonly maxBlobBytes?: number;
  /** Hears of failures that no client is told in full: a listener that threw, a damaged file, an unexpected error. */
  readonly onProblem?: (error: unknown) => void;
  /** How files are opened for writing; for tests. */
  readonly open?: OpenFile;
}

const ECR_MAX_LAYER_BYTES = 52_000 * 1024 * 1024;

/**
 * Starts the registry of the local stack on a folder.
 *
 * @throws LadingError `port-taken`, `listen-failed`, `directory-in-use`, `directory-unusable`
 */
export async function startEmbeddedRegistry(options: EmbeddedRegistryOptions): Promise<EmbeddedRegistry> {
  const { directory, host = '127.0.0.1', access, clock = systemClock, open = openFile } = options;
  const onProblem = options.onProblem ?? ((error: unknown) => process.emitWarning(asError(error)));
  const unlock = await lockDirectory(directory);
  try {
    const maxBlobBytes = options.maxBlobBytes ?? ECR_MAX_LAYER_BYTES;
    const opened = await openStore({
      directory,
      clock,
      open,
      maxBlobBytes,
      onProblem,
      budgetBytes: options.budgetBytes,
    });
    try {
      const { parts, store } = opened;
      const mirror =
        options.mirror && (await openMirror(parts, store, { ...options.mirror, directory, budget: opened.budget }));
      const recall = options.recall && openRecallDesk(options.recall, readable(opened, access));
      const server = await startServer({
        opened,
        host,
        port: options.port ?? 0,
        access,
        mirror,
        site: options.site,
        recall,
        onProblem,
      });
      let closing: Promise<void> | undefined;
      return {
        port: server.port,
        url: urlOf(host, server.port),
        store: opened.store,
        mirrors: () => mirror?.status() ?? [],
        cache: async () => opened.budget?.status(),
        budget: opened.budget,
        mirror,
        onEvent: opened.onEvent,
        close: () => {
          closing ??= server
            .close()
            .then(() => opened.close())
            .finally(unlock);
          return closing;
        },
      };
    } catch (error) {
      await opened.close();
      throw error;
    }
  } catch (error) {
    await unlock();
    throw error instanceof LadingError ? error : explainDiskError(error);
  }
}

/** What is archived in place is there, and cannot be read. */
const readable = ({ store, onEvent }: OpenedStore, access: RegistryAccess | undefined) => ({
  onEvent,
  store: {
    findManifest(repository: string, reference: string) {
      const found = store.findManifest(repository, reference);
      return found && access?.isArchived?.(repository, found.digest) ? undefined : found;
    },
  },
});

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** A registry that listens everywhere is reached on this machine by its loopback address. */
function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
