import type { Table } from '../../../aws/table.ts';
import { sourceKey } from '../../credentials/describe-source.ts';
import type { SecretSource } from '../../credentials/model.ts';
import type { SecretChanges } from '../../credentials/ports.ts';

export interface SecretChangeLog extends SecretChanges {
  /** @param mark differs for each change: the id of the event, or of the secret's version */
  note(source: SecretSource, mark: string): Promise<void>;
}

/** The last change of each secret, as one row. What it holds is not in there. */
export function dynamoSecretChanges(table: Pick<Table, 'get' | 'put'>): SecretChangeLog {
  const key = (source: SecretSource) => ({ pk: sourceKey(source), sk: 'changed' });
  return {
    async markOf(source) {
      // A change that is seen a moment later is soon enough, and costs half.
      const row = await table.get(key(source), { consistent: false });
      return typeof row?.mark === 'string' ? row.mark : undefined;
    },
    async note(source, mark) {
      await table.put({ ...key(source), mark });
    },
  };
}
