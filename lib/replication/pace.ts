/** What processes share of a bandwidth: as `RequestBudget` of the registries, one request standing for one MiB. */
export interface ByteBudget {
  /** @returns milliseconds to wait */
  take(name: string, perSecond: number): Promise<number>;
}

const MIB = 1024 * 1024;

/** Keeps all that is sent to a target, by whoever shares the budget, within so many MiB a second. */
export function createPace(
  budget: ByteBudget,
  pause: (ms: number) => Promise<unknown>,
  target: string,
  mibPerSecond: number,
): (bytes: number) => Promise<void> {
  // What was granted and is not used yet. Asked for by the MiB, so that small pieces do not ask each for itself.
  let granted = 0;
  return async (bytes) => {
    granted -= bytes;
    while (granted < 0) {
      granted += MIB;
      const wait = await budget.take(`bytes ${target}`, mibPerSecond);
      if (wait > 0) await pause(wait);
    }
  };
}
