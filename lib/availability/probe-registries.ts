import type { Clock } from '../core/clock.ts';
import { describeError, isLadingError } from '../core/errors.ts';
import { draftEvent, type EventDraft, registryRecovered, registryWentDown } from '../events/index.ts';
import type { ManifestReader } from '../registry/index.ts';
import { callsAllowed, observe } from './breaker.ts';
import type { AvailabilityConfig } from './config.ts';
import type { EndpointHealth, Probe } from './model.ts';
import type { HealthStore } from './ports.ts';

/** No repository of people has such a name, and "it is not there" is as good an answer as any. */
const QUESTION = { repository: 'lading-availability-probe', reference: 'none' } as const;

const PATIENCE_MS = 10_000;
const DETAIL_CHARACTERS = 300;

export interface ProbePorts {
  readonly health: HealthStore;
  readonly clock: Clock;
  open(registry: string): Promise<Pick<ManifestReader, 'headManifest'>>;
}

/**
 * Asks a registry whether a manifest is there, as whoever pulls does first, and records what came of it. A registry that
 * is left alone is not asked before its time.
 *
 * @returns the event to be told where the registry went down or came back
 */
export async function probeRegistry(
  ports: ProbePorts,
  registry: string,
  { breaker: rules }: Pick<AvailabilityConfig, 'breaker'>,
): Promise<readonly EventDraft[]> {
  const before = await ports.health.find(registry);
  const health = before ?? { registry, probes: [], breaker: { state: 'closed' } as const };
  if (callsAllowed(health.breaker, ports.clock.now()) === 'no') return [];
  const after = observe(health, await ask(ports, registry), rules);
  // Another process probed at the same time: its word is as good.
  if (!(await ports.health.swap(before, after))) return [];
  return change(health, after);
}

async function ask(ports: ProbePorts, registry: string): Promise<Probe> {
  const start = ports.clock.now().getTime();
  const probe = (answered: boolean, detail?: string): Probe => {
    const now = ports.clock.now();
    return {
      at: now.toISOString(),
      answered,
      milliseconds: now.getTime() - start,
      ...(detail === undefined ? {} : { detail: detail.slice(0, DETAIL_CHARACTERS) }),
    };
  };
  try {
    const reader = await ports.open(registry);
    await reader.headManifest(QUESTION, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return probe(true);
  } catch (error) {
    // Many registries say "denied" of what is not there (Docker Hub, Quay): they answer.
    if (isLadingError(error, 'registry-denied')) return probe(true);
    return probe(false, describeError(error));
  }
}

function change(before: EndpointHealth, after: EndpointHealth): readonly EventDraft[] {
  if (before.breaker.state === after.breaker.state) return [];
  const { registry, probes } = after;
  const last = probes.at(-1) as Probe;
  if (after.breaker.state === 'open') {
    const { since, until } = after.breaker;
    return [draftEvent(registryWentDown, { registry, since, askedAgainAt: until, detail: last.detail ?? '' })];
  }
  const downSince = before.breaker.state === 'open' ? before.breaker.since : last.at;
  return [draftEvent(registryRecovered, { registry, downSince, recoveredAt: last.at })];
}
