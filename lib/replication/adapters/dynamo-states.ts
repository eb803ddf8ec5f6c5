import { queryAll, type Table } from '../../aws/table.ts';
import type { RepositoryAddress } from '../model.ts';
import type { ReplicaStates } from '../ports.ts';
import { replicaStateSchema } from '../replica-state.ts';

const PARTITION = 'STATES';
const nameOf = ({ registry, repository }: RepositoryAddress): string => `${registry}/${repository}`;
const keyOf = (source: RepositoryAddress, target: RepositoryAddress) => ({
  pk: PARTITION,
  sk: `${nameOf(target)} ${nameOf(source)}`,
});

/** One row per repository and target, written once a sweep: a single partition bears that, and is listed whole. */
export function dynamoStates(table: Table): ReplicaStates {
  return {
    async find(source, target) {
      const item = await table.get(keyOf(source, target));
      return item && replicaStateSchema.parse(item);
    },
    save: async (state) => void (await table.put({ ...keyOf(state.source, state.target), ...state })),
    async *all() {
      for await (const item of queryAll(table, { pk: PARTITION })) yield replicaStateSchema.parse(item);
    },
  };
}
