import type { Clock } from '../core/clock.ts';
import type { CatalogReader, CatalogWriter, RepositoryName } from '../inventory/index.ts';
import type { ArchiveCollector, Registry } from '../registry/index.ts';
import { archiveRepository } from './archive-graph.ts';
import type { RetentionConfig } from './config.ts';
import { policyFor } from './policy/policy-for.ts';
import type { HoldStore } from './ports.ts';

export interface ArchiveKeepingPorts {
  readonly catalog: Pick<CatalogReader, 'repositories' | 'entries'> & Pick<CatalogWriter, 'markArchived'>;
  readonly holds: Pick<HoldStore, 'holds'>;
  readonly archive: Pick<Registry, 'deleteManifest'>;
  /** Of a registry with an archival class of its own. */
  readonly open: (host: string) => Promise<Pick<Registry, 'deleteManifest'>>;
  readonly collector: ArchiveCollector;
  readonly clock: Clock;
}

const DAY_MS = 24 * 3600 * 1000;
/** Nothing names it for so long before it goes. */
const GARBAGE_MS = 7 * DAY_MS;

/**
 * Drops what was archived longer ago than it is to be kept, but for what is on hold, and collects what nothing in the
 * archive names any more.
 */
export async function keepArchive(
  ports: ArchiveKeepingPorts,
  config: Pick<RetentionConfig, 'archive' | 'policies'>,
): Promise<{ readonly dropped: number; readonly deletedBlobs: number; readonly bytes: number }> {
  const now = ports.clock.now();
  let dropped = 0;
  for await (const of of ports.catalog.repositories()) {
    const keepDays = policyFor(config, of.repository).keepArchivedDays ?? config.archive.keepDays;
    if (keepDays === undefined) continue;
    dropped += await drop(ports, of, new Date(now.getTime() - keepDays * DAY_MS).toISOString());
  }
  const { deleted, bytes } = await ports.collector.collect({ now, graceMs: GARBAGE_MS });
  return { dropped, deletedBlobs: deleted, bytes };
}

async function drop(ports: ArchiveKeepingPorts, of: RepositoryName, before: string): Promise<number> {
  const held = new Set((await ports.holds.holds(of)).map(({ digest }) => digest));
  let dropped = 0;
  for await (const entry of ports.catalog.entries(of, { archived: true })) {
    const { digest, archivedAt, archivedIn, deletedAt } = entry;
    if (archivedAt === undefined || archivedAt >= before || held.has(digest)) continue;
    // What was in an archival class of its registry, and can be pulled again, is no archive's.
    if (archivedIn === 'registry' && deletedAt === undefined) continue;
    if (archivedIn === 'registry') {
      await (await ports.open(of.registry)).deleteManifest({ repository: of.repository, digest });
    } else await ports.archive.deleteManifest({ repository: archiveRepository(of), digest });
    await ports.catalog.markArchived({ ...of, digest }, undefined);
    dropped++;
  }
  return dropped;
}
