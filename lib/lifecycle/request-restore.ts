import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { matchesAnyGlob } from '../core/glob.ts';
import { draftEvent, type EventDraft, restoreRequested } from '../events/index.ts';
import type { CatalogReader, RepositoryName } from '../inventory/index.ts';
import type { RegistryReader } from '../registry/index.ts';
import { archiveRepository } from './archive-graph.ts';
import type { RetentionConfig } from './config.ts';
import type { RestoreLog } from './ports.ts';
import { archivedInPlace } from './restore-image.ts';

export interface RequestRestorePorts {
  readonly catalog: Pick<CatalogReader, 'find' | 'tag'>;
  readonly archive: Pick<RegistryReader, 'headManifest'>;
  readonly restores: RestoreLog;
  readonly clock: Clock;
}

export type RestoreAnswer =
  /** The archive has none, or nobody may ask for it so. */
  | { readonly kind: 'not-archived' }
  | {
      readonly kind: 'restoring';
      readonly digest: Digest;
      /** What is to be brought back, as far as the catalogue knows. */
      readonly bytes: number;
      readonly retryAfterSeconds: number;
      readonly events: readonly EventDraft[];
    }
  /** Pulls have brought back as much as they may today. */
  | { readonly kind: 'limited'; readonly digest: Digest; readonly retryAfterSeconds: number };

/** Reading from the archive and writing to the registry, at the least. Bytes a second. */
const USUAL_SPEED = 50 * 1024 ** 2;
const SOONEST_S = 2;
const LATEST_S = 300;
const DAY_MS = 24 * 3600 * 1000;
/** Children that are asked for their size. */
const MOST_CHILDREN = 64;

/**
 * Answers a pull of a manifest that its registry lacks: where it lies in the archive, its restore is asked for, once for
 * all who pull it, within the limits of a day. A stranger who may pull can so cause no more than these.
 *
 * @param by who pulls, as the registry names them
 */
export async function requestRestore(
  { catalog, archive, restores, clock }: RequestRestorePorts,
  asked: RepositoryName & { readonly reference: string },
  by: string,
  { restore }: Pick<RetentionConfig, 'restore'>,
): Promise<RestoreAnswer> {
  const { registry, repository, reference } = asked;
  const of = { registry, repository };
  if (!restore.onPull || !matchesAnyGlob(restore.repositories, repository)) return { kind: 'not-archived' };
  const copy = await archive.headManifest({ repository: archiveRepository(of), reference });
  const digest = copy?.digest ?? (await archivedInPlace(catalog, of, reference))?.digest;
  if (digest === undefined) return { kind: 'not-archived' };
  const bytes = await sizeOf(catalog, of, digest);
  // How long the registry takes for what it has archived itself depends on no size (ECR: up to 20 minutes).
  const retryAfterSeconds = copy ? Math.min(LATEST_S, SOONEST_S + Math.ceil(bytes / USUAL_SPEED)) : LATEST_S;
  const restoring = { kind: 'restoring', digest, bytes, retryAfterSeconds } as const;
  const entry = await catalog.find({ ...of, digest });
  // It is there, and the registry was asked a moment too early.
  if (entry && entry.deletedAt === undefined) return { ...restoring, retryAfterSeconds: SOONEST_S, events: [] };
  switch (await restores.begin(of, { digest, bytes }, restore)) {
    case 'under-way':
      return { ...restoring, events: [] };
    case 'spent': {
      const now = clock.now().getTime();
      return { kind: 'limited', digest, retryAfterSeconds: Math.ceil((DAY_MS - (now % DAY_MS)) / 1000) };
    }
    case 'begun': {
      const reason = `pulled by ${by} as ${reference}`.slice(0, 500);
      return { ...restoring, events: [draftEvent(restoreRequested, { subject: { ...of, digest }, reason })] };
    }
  }
}

/** With all platforms of an index; what the catalogue does not know counts nothing. */
async function sizeOf(catalog: RequestRestorePorts['catalog'], of: RepositoryName, digest: Digest): Promise<number> {
  const entry = await catalog.find({ ...of, digest });
  if (!entry) return 0;
  const children = entry.children.slice(0, MOST_CHILDREN);
  const found = await Promise.all(children.map((child) => catalog.find({ ...of, digest: child.digest })));
  return found.reduce((sum, child) => sum + (child?.sizeBytes ?? 0), entry.sizeBytes);
}
