/** Callers that come for the same thing while it is under way share one piece of work. */
export interface SingleFlight<T> {
  run(key: string, work: () => Promise<T>): Promise<T>;
  /** Whether whoever comes now would share work that somebody else has begun. */
  has(key: string): boolean;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>();
  return {
    has: (key) => flights.has(key),
    run(key, work) {
      const known = flights.get(key);
      if (known !== undefined) return known;
      const flight = work().finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    },
  };
}
