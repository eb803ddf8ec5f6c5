import type { EndpointHealth } from '../model.ts';
import type { HealthStore } from '../ports.ts';

/** For tests, and for what has no table. */
export function memoryHealth(): HealthStore {
  const known = new Map<string, string>();
  return {
    async find(registry) {
      const text = known.get(registry);
      return text === undefined ? undefined : (JSON.parse(text) as EndpointHealth);
    },
    async swap(before, after) {
      if (known.get(after.registry) !== (before && JSON.stringify(before))) return false;
      known.set(after.registry, JSON.stringify(after));
      return true;
    },
  };
}
