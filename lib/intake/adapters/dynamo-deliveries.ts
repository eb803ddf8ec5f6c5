import type { Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { DeliveryLog } from '../ports.ts';

/** Deliveries as rows with a time to live. DynamoDB removes rows late, so the time is checked as well. */
export function dynamoDeliveries(table: Table, clock: Clock): DeliveryLog {
  const key = (source: string, delivery: string) => ({ pk: `webhook#${source}`, sk: delivery });
  const nowSeconds = (): number => Math.floor(clock.now().getTime() / 1000);
  return {
    async seen(source, delivery) {
      const row = await table.get(key(source, delivery));
      return row !== undefined && Number(row.expiresAt) > nowSeconds();
    },
    async record(source, delivery, ttlSeconds) {
      await table.put({ ...key(source, delivery), expiresAt: nowSeconds() + ttlSeconds });
    },
  };
}
