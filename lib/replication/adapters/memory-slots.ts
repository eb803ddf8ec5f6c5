import type { CopySlots } from '../ports.ts';

/** For one process by itself. */
export function memorySlots(): CopySlots {
  const taken = new Map<string, number>();
  return {
    async take(target, most) {
      const count = taken.get(target) ?? 0;
      if (count >= most) return undefined;
      taken.set(target, count + 1);
      let held = true;
      return {
        keep: async () => undefined,
        async release() {
          if (held) taken.set(target, (taken.get(target) ?? 1) - 1);
          held = false;
        },
      };
    },
  };
}
