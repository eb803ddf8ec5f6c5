import type { Clock } from '../../core/clock.ts';
import type { DeliveryLog } from '../ports.ts';

export function memoryDeliveries(clock: Clock): DeliveryLog {
  const until = new Map<string, number>();
  const id = (source: string, delivery: string): string => `${source}\n${delivery}`;
  return {
    seen: async (source, delivery) => (until.get(id(source, delivery)) ?? 0) > clock.now().getTime(),
    record: async (source, delivery, ttlSeconds) =>
      void until.set(id(source, delivery), clock.now().getTime() + ttlSeconds * 1000),
  };
}
