import type { Clock } from '../../core/clock.ts';
import { type RestoreLog, UNDER_WAY_MS } from '../ports.ts';

export function memoryRestores(clock: Clock): RestoreLog {
  const underWay = new Map<string, number>();
  const spent = new Map<string, { readonly restores: number; readonly bytes: number }>();
  return {
    async begin({ registry, repository }, { digest, bytes }, limits) {
      const now = clock.now();
      const key = `${registry}/${repository}@${digest}`;
      if ((underWay.get(key) ?? 0) >= now.getTime()) return 'under-way';
      const day = now.toISOString().slice(0, 10);
      const counters = [
        { name: `${day} ${registry}/${repository}`, most: limits.maxPerRepositoryPerDay },
        { name: `${day} ${registry}`, most: limits.maxPerDay },
      ];
      for (const { name, most } of counters) {
        const { restores, bytes: before } = spent.get(name) ?? { restores: 0, bytes: 0 };
        if (restores >= most || before + bytes > limits.maxBytesPerDay) return 'spent';
        spent.set(name, { restores: restores + 1, bytes: before + bytes });
      }
      underWay.set(key, now.getTime() + UNDER_WAY_MS);
      return 'begun';
    },
  };
}
