/** The time of day, as a port: use cases never ask the machine directly. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock for tests and replays: stands still until it is moved. */
export function manualClock(start: Date | string = '2026-01-01T00:00:00.000Z'): Clock & { advance(ms: number): void } {
  let time = new Date(start).getTime();
  return {
    now: () => new Date(time),
    advance: (ms) => {
      time += ms;
    },
  };
}
