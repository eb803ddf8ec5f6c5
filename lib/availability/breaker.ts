import type { BreakerRules } from './config.ts';
import { type Breaker, type EndpointHealth, MOST_PROBES, type Probe } from './model.ts';

/** Whether to speak to a registry: `probe` is one question that decides. */
export function callsAllowed(breaker: Breaker, now: Date): 'yes' | 'probe' | 'no' {
  if (breaker.state === 'closed') return 'yes';
  return now.getTime() < Date.parse(breaker.until) ? 'no' : 'probe';
}

/** The probes by which a registry is judged: an outage that is over does not count for long. */
const JUDGED = 4;

/** What is known of a registry after one more probe. Probes come in the order of their times. */
export function observe(health: EndpointHealth, probe: Probe, rules: BreakerRules): EndpointHealth {
  const probes = [...health.probes, probe].slice(-MOST_PROBES);
  return { ...health, probes, breaker: next(health.breaker, probes, probe, rules) };
}

function next(breaker: Breaker, probes: readonly Probe[], probe: Probe, rules: BreakerRules): Breaker {
  if (probe.answered && breaker.state === 'open') return { state: 'closed' };
  if (breaker.state === 'open') return open(probe, breaker.since, breaker.relapses + 1, rules);
  if (probe.answered) return breaker;
  const last = probes.slice(-rules.failures);
  const allFailed = last.length === rules.failures && last.every(({ answered }) => !answered);
  const judged = probes.slice(-JUDGED);
  const share = judged.filter(({ answered }) => answered).length / judged.length;
  const mostFailed = judged.length === JUDGED && share < rules.leastSuccess;
  return allFailed || mostFailed ? open(probe, probe.at, 0, rules) : breaker;
}

function open(probe: Probe, since: string, relapses: number, rules: BreakerRules): Breaker {
  // Doubling is cut before it could leave what a number holds.
  const seconds = Math.min(rules.coolDownSeconds * 2 ** Math.min(relapses, 20), rules.maxCoolDownSeconds);
  return { state: 'open', since, until: new Date(Date.parse(probe.at) + seconds * 1000).toISOString(), relapses };
}

export interface HealthFigures {
  /** Of the probes that are kept; undefined where there are none. */
  readonly successRate: number | undefined;
  /** Median of those that were answered. */
  readonly medianMs: number | undefined;
  readonly probes: number;
}

export function figuresOf({ probes }: Pick<EndpointHealth, 'probes'>): HealthFigures {
  const times = probes.flatMap(({ answered, milliseconds }) => (answered ? [milliseconds] : [])).sort((a, b) => a - b);
  return {
    successRate: probes.length === 0 ? undefined : times.length / probes.length,
    medianMs: times[Math.floor((times.length - 1) / 2)],
    probes: probes.length,
  };
}
