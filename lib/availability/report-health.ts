import { callsAllowed, figuresOf, type HealthFigures } from './breaker.ts';
import type { HealthReader } from './ports.ts';

export interface RegistryReport extends HealthFigures {
  readonly registry: string;
  /** `unknown`: nobody asked it yet. */
  readonly state: 'up' | 'down' | 'unknown';
  readonly lastProbe?: string;
  readonly lastFailure?: { readonly at: string; readonly detail: string };
  readonly down?: { readonly since: string; readonly askedAgainAt: string };
}

/** How registries are, by what probes met. */
export function reportHealth(
  health: HealthReader,
  registries: readonly string[],
  now: Date,
): Promise<readonly RegistryReport[]> {
  return Promise.all(registries.map((registry) => reportOne(health, registry, now)));
}

async function reportOne(reader: HealthReader, registry: string, now: Date): Promise<RegistryReport> {
  const health = await reader.find(registry);
  if (!health) return { registry, state: 'unknown', ...figuresOf({ probes: [] }) };
  const { probes, breaker } = health;
  const failure = probes.findLast(({ answered }) => !answered);
  const last = probes.at(-1);
  return {
    registry,
    state: callsAllowed(breaker, now) === 'yes' ? 'up' : 'down',
    ...figuresOf(health),
    ...(last ? { lastProbe: last.at } : {}),
    ...(failure ? { lastFailure: { at: failure.at, detail: failure.detail ?? '' } } : {}),
    ...(breaker.state === 'open' ? { down: { since: breaker.since, askedAgainAt: breaker.until } } : {}),
  };
}
