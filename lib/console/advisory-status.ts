import type { AdvisoryStore, RematchProgress, SourceLog } from '../vulnerabilities/index.ts';
import type { AdvisoryOverview, AdvisoryStatus } from './ports.ts';

/** What the store of advisories says of the snapshot in force. */
export function advisoryStatus(
  store: Pick<AdvisoryStore, 'currentSnapshot'> &
    Pick<RematchProgress, 'lastRematched'> &
    Pick<SourceLog, 'sourceStates'>,
): AdvisoryStatus {
  return {
    async status() {
      const [current, last, states] = await Promise.all([
        store.currentSnapshot(),
        store.lastRematched(),
        store.sourceStates(),
      ]);
      const stateOf = (name: string) => {
        const { goodAt, problem, fetched } = (Object.hasOwn(states, name) ? states[name] : undefined) ?? {};
        return { ...(goodAt ? { goodAt } : {}), ...(problem ? { problem } : {}), ...(fetched ? { fetched } : {}) };
      };
      if (current === undefined) return { sources: neverGood(states, []) };
      const { snapshot, sequence } = current;
      return {
        snapshot: {
          id: snapshot.id,
          sequence,
          createdAt: snapshot.createdAt,
          advisories: snapshot.sources.reduce((sum, { advisories }) => sum + advisories, 0),
          rematched: last !== undefined && last.sequence >= sequence,
        },
        sources: [
          ...snapshot.sources.map(({ name, scope, advisories, rejected, readAt, ecosystems }) => ({
            ...{ name, scope, advisories, readAt, ...stateOf(name) },
            rejected: rejected.count,
            ecosystems: ecosystems
              .filter((one) => !one.name.startsWith('@'))
              .map((one) => ({
                name: one.name,
                packages: one.packages,
                advisories: one.advisories,
              })),
          })),
          ...neverGood(states, snapshot.sources),
        ],
      };
    },
  };
}

/** Sources that have failed since they were configured: they are no part of the snapshot, and would not be seen. */
function neverGood(
  states: Awaited<ReturnType<SourceLog['sourceStates']>>,
  held: readonly { readonly name: string }[],
): AdvisoryOverview['sources'] {
  return Object.entries(states).flatMap(([name, { problem }]) =>
    problem && !held.some((source) => source.name === name)
      ? [{ name, scope: 'none', advisories: 0, rejected: 0, readAt: problem.since, problem, ecosystems: [] }]
      : [],
  );
}
