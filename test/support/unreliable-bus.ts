import type { StackOptions } from '../../infra/local/stack.ts';

type Intercept = NonNullable<StackOptions['intercept']>;
type BusEvent = Parameters<Intercept>[0];

export interface UnreliableBus {
  readonly intercept: Intercept;
  /** What was lost. */
  readonly lost: readonly BusEvent[];
  /** How much goes wrong from now on. */
  set(faults: Partial<Faults>): void;
  readonly counts: {
    readonly events: number;
    readonly doubled: number;
    readonly delayed: number;
  };
}

export interface Faults {
  /** Shares of events that come twice, and that do not come at all. */
  readonly doubled: number;
  readonly lost: number;
  /** Events of registries wait so long, counted in other such events, and then come in any order. */
  readonly window: number;
}

/** A bus that loses, doubles and shuffles events, by random numbers that a seed can repeat. */
export function unreliableBus(random: () => number): UnreliableBus {
  let faults: Faults = { doubled: 0, lost: 0, window: 0 };
  const held: BusEvent[] = [];
  const lost: BusEvent[] = [];
  const counts = { events: 0, doubled: 0, delayed: 0 };
  const take = (): BusEvent[] => held.splice(Math.floor(random() * held.length), 1);
  return {
    lost,
    counts,
    set(more) {
      faults = { ...faults, ...more };
    },
    intercept(event) {
      counts.events++;
      const isLost = random() < faults.lost;
      if (isLost) lost.push(event);
      const copies = isLost ? [] : random() < faults.doubled ? [event, event] : [event];
      if (copies.length > 1) counts.doubled++;
      if (event.source !== 'aws.ecr') return copies;
      // One that is lost brings out those that wait all the same: lost is the event, not the time that it came at.
      held.push(...copies);
      const released: BusEvent[] = [];
      while (held.length > faults.window) released.push(...take());
      if (faults.window > 0) counts.delayed += copies.length;
      return released;
    },
  };
}
