import type { AdvisoryStore, RematchProgress } from '../vulnerabilities/index.ts';
import type { AdvisoryStatus } from './ports.ts';

/** What the store of advisories says of the snapshot in force. */
export function advisoryStatus(
  store: Pick<AdvisoryStore, 'currentSnapshot'> & Pick<RematchProgress, 'lastRematched'>,
): AdvisoryStatus {
  return {
    async status() {
      const [current, last] = await Promise.all([store.currentSnapshot(), store.lastRematched()]);
      if (current === undefined) return { sources: [] };
      const { snapshot, sequence } = current;
      return {
        snapshot: {
          id: snapshot.id,
          sequence,
          createdAt: snapshot.createdAt,
          advisories: snapshot.sources.reduce((sum, { advisories }) => sum + advisories, 0),
          rematched: last !== undefined && last.sequence >= sequence,
        },
        sources: snapshot.sources.map(({ name, scope, advisories, rejected, readAt, ecosystems }) => ({
          ...{ name, scope, advisories, readAt },
          rejected: rejected.count,
          ecosystems: ecosystems.map((one) => ({
            name: one.name,
            packages: one.packages,
            advisories: one.advisories,
          })),
        })),
      };
    },
  };
}
