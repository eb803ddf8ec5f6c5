/** Steps that one evaluation may take. An event of the 1 MiB that EventBridge accepts needs a small part of it. */
export const WORK_LIMIT = 3_000_000;

/** Nesting over this is not walked into; JSON readers of AWS refuse it too (Jackson's default). */
export const DEPTH_LIMIT = 1000;

/** Counts steps, so that a hostile event costs a bounded amount of time. */
export interface Work {
  /** Takes steps; false when there are none left. */
  spend(steps: number): boolean;
}

export function createWork(limit: number): Work {
  let left = limit;
  return {
    spend: (steps) => {
      left -= steps;
      return left >= 0;
    },
  };
}
