import type { WaiverStore } from '../ports.ts';
import type { Waiver } from '../waiver.ts';

export function memoryWaiverStore(): WaiverStore {
  const waivers = new Map<string, Waiver>();
  let reviewed: string | undefined;
  return {
    async add(waiver) {
      const known = waivers.get(waiver.id);
      if (known && known.removed === undefined) return known;
      waivers.set(waiver.id, waiver);
      return waiver;
    },
    find: async (id) => waivers.get(id),
    list: async () => [...waivers.values()],
    async remove(id, removed) {
      const known = waivers.get(id);
      if (known && known.removed === undefined) waivers.set(id, { ...known, removed });
      return waivers.get(id);
    },
    reviewedUntil: async () => reviewed,
    async markReviewed(until) {
      if (reviewed === undefined || reviewed < until) reviewed = until;
    },
  };
}
