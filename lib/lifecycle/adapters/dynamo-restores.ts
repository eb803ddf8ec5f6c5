import type { Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import { type RestoreLog, UNDER_WAY_MS } from '../ports.ts';

/*
 * Rows `restore#<digest>` under `registry/repository`, one for a restore under way; and under `restores#<day>` one for the
 * registry and one for each repository, with what pulls have brought back that day.
 */
const KEPT_SECONDS = 3 * 24 * 3600;

export function dynamoRestores(table: Table, clock: Clock): RestoreLog {
  /** False where that would be too much. */
  const count = (pk: string, sk: string, bytes: number, most: number, mostBytes: number) => {
    const expiresAt = Math.ceil(clock.now().getTime() / 1000) + KEPT_SECONDS;
    const values = { ':one': 1, ':bytes': bytes, ':most': most, ':room': mostBytes - bytes, ':end': expiresAt };
    return table.update(
      { pk, sk },
      { expression: 'SET expiresAt = :end ADD restores :one, restoredBytes :bytes', values },
      'attribute_not_exists(restores) OR (restores < :most AND restoredBytes <= :room)',
    );
  };
  return {
    async begin(of, { digest, bytes }, { maxPerDay, maxPerRepositoryPerDay, maxBytesPerDay }) {
      const now = clock.now();
      const [pk, sk] = [partition(of), `restore#${digest}`];
      const until = new Date(now.getTime() + UNDER_WAY_MS).toISOString();
      const expiresAt = Math.ceil(now.getTime() / 1000) + KEPT_SECONDS;
      const first = await table.put(
        { pk, sk, restoringUntil: until, expiresAt },
        {
          expression: 'attribute_not_exists(pk) OR restoringUntil < :now',
          values: { ':now': now.toISOString() },
        },
      );
      if (!first) return 'under-way';
      const day = `restores#${now.toISOString().slice(0, 10)}`;
      const isWithin =
        bytes <= maxBytesPerDay &&
        // A repository's share first: who may pull only there cannot use up what is for all.
        (await count(day, pk, bytes, maxPerRepositoryPerDay, maxBytesPerDay)) !== undefined &&
        (await count(day, of.registry, bytes, maxPerDay, maxBytesPerDay)) !== undefined;
      if (isWithin) return 'begun';
      await table.delete({ pk, sk });
      return 'spent';
    },
  };
}

const partition = (of: RepositoryName): string => `${of.registry}/${of.repository}`;
