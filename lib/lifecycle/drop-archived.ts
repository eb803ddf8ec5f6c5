import type { Clock } from '../core/clock.ts';
import type { CatalogReader, CatalogWriter } from '../inventory/index.ts';
import type { ArchiveCollector, Registry } from '../registry/index.ts';
import { archiveRepository } from './archive-graph.ts';
import type { RetentionConfig } from './config.ts';
import type { HoldStore } from './ports.ts';

export interface ArchiveKeepingPorts {
  readonly catalog: Pick<CatalogReader, 'repositories' | 'entries'> & Pick<CatalogWriter, 'markArchived'>;
  readonly holds: Pick<HoldStore, 'holds'>;
  readonly archive: Pick<Registry, 'deleteManifest'>;
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
  { archive: { keepDays } }: Pick<RetentionConfig, 'archive'>,
): Promise<{ readonly dropped: number; readonly deletedBlobs: number; readonly bytes: number }> {
  const now = ports.clock.now();
  const before = keepDays === undefined ? undefined : new Date(now.getTime() - keepDays * DAY_MS).toISOString();
  let dropped = 0;
  if (before !== undefined) {
    for await (const of of ports.catalog.repositories()) {
      const held = new Set((await ports.holds.holds(of)).map(({ digest }) => digest));
      for await (const { digest, archivedAt } of ports.catalog.entries(of, { archived: true })) {
        if (archivedAt === undefined || archivedAt >= before || held.has(digest)) continue;
        await ports.archive.deleteManifest({ repository: archiveRepository(of), digest });
        await ports.catalog.markArchived({ ...of, digest }, undefined);
        dropped++;
      }
    }
  }
  const { deleted, bytes } = await ports.collector.collect({ now, graceMs: GARBAGE_MS });
  return { dropped, deletedBlobs: deleted, bytes };
}
