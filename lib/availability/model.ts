/** One question to a registry, and what came of it. */
export interface Probe {
  readonly at: string;
  readonly answered: boolean;
  /** Until the answer, or until it was given up. */
  readonly milliseconds: number;
  /** Why it failed. */
  readonly detail?: string;
}

/**
 * Whether a registry is spoken to (Nygard, "Release It!", "Circuit Breaker"): `closed` it is, `open` it is not before
 * `until`. After that one probe decides.
 */
export type Breaker =
  | { readonly state: 'closed' }
  | {
      readonly state: 'open';
      readonly since: string;
      readonly until: string;
      /** How often it failed in a row when it was asked again. */
      readonly relapses: number;
    };

export interface EndpointHealth {
  readonly registry: string;
  /** Oldest first, at most `MOST_PROBES`. */
  readonly probes: readonly Probe[];
  readonly breaker: Breaker;
}

/** Eight hours, at a probe every five minutes. */
export const MOST_PROBES = 96;
