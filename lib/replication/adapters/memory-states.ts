import type { RepositoryAddress } from '../model.ts';
import type { ReplicaStates } from '../ports.ts';
import type { ReplicaState } from '../replica-state.ts';

const keyOf = (source: RepositoryAddress, target: RepositoryAddress): string =>
  `${target.registry}/${target.repository} ${source.registry}/${source.repository}`;

export function memoryStates(): ReplicaStates {
  const states = new Map<string, ReplicaState>();
  return {
    find: async (source, target) => states.get(keyOf(source, target)),
    save: async (state) => void states.set(keyOf(state.source, state.target), structuredClone(state)),
    async *all() {
      yield* [...states.keys()].sort().map((key) => states.get(key) as ReplicaState);
    },
  };
}
