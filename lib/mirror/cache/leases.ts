import type { CacheLease } from './model.ts';

/** Who needs which image. What is leased stays, whatever else wants its place. */
export interface Leases {
  /** `until` in milliseconds since 1970; without, until it is released. A holder's later word takes the place of its earlier. */
  grant(lease: CacheLease): void;
  release(key: string, holder: string): void;
  /** The holder's leases are these, and no others. */
  replace(holder: string, leases: ReadonlyMap<string, number | undefined>): void;
  /** For as long as a pull runs: held until the returned function is called, and not kept over a restart. */
  pin(key: string): () => void;
  isLeased(key: string, now: number): boolean;
  /** Those that hold, without pins. */
  list(now: number): readonly CacheLease[];
}

export function createLeases(known: readonly CacheLease[] = []): Leases {
  const byKey = new Map<string, Map<string, number>>();
  const pins = new Map<string, number>();
  const grant = ({ key, holder, until }: CacheLease): void => {
    const holders = byKey.get(key) ?? new Map<string, number>();
    holders.set(holder, until ?? Number.POSITIVE_INFINITY);
    byKey.set(key, holders);
  };
  const release = (key: string, holder: string): void => {
    const holders = byKey.get(key);
    if (holders?.delete(holder) && holders.size === 0) byKey.delete(key);
  };
  for (const lease of known) grant(lease);
  return {
    grant,
    release,
    replace(holder, leases) {
      for (const [key, holders] of byKey) if (holders.has(holder) && !leases.has(key)) release(key, holder);
      for (const [key, until] of leases) grant({ key, holder, ...(until === undefined ? {} : { until }) });
    },
    pin(key) {
      pins.set(key, (pins.get(key) ?? 0) + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (pins.get(key) ?? 1) - 1;
        if (left > 0) pins.set(key, left);
        else pins.delete(key);
      };
    },
    isLeased(key, now) {
      if (pins.has(key)) return true;
      for (const [holder, until] of byKey.get(key) ?? []) {
        if (until > now) return true;
        release(key, holder);
      }
      return false;
    },
    list: (now) =>
      [...byKey].flatMap(([key, holders]) =>
        [...holders]
          .filter(([, until]) => until > now)
          .map(([holder, until]) => ({ key, holder, ...(Number.isFinite(until) ? { until } : {}) })),
      ),
  };
}
