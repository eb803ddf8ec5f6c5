import type { Clock } from '../core/clock.ts';
import { type Digest, isDigest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import type { FetchedManifest, ManifestReader } from '../registry/index.ts';
import type { MirrorCache } from './ports.ts';
import type { MirrorRoute } from './route-repository.ts';
import type { SingleFlight } from './single-flight.ts';

export type PulledManifest =
  | { readonly kind: 'found'; readonly digest: Digest; readonly from: 'cache' | 'upstream' | 'stale'; bytes: number }
  | { readonly kind: 'unknown' }
  /** The upstream does not answer, and nothing is cached. */
  | { readonly kind: 'unavailable'; readonly cause: unknown };

export interface PullManifestPorts {
  readonly cache: MirrorCache;
  readonly upstream: (host: string) => Promise<ManifestReader>;
  readonly flights: SingleFlight<PulledManifest>;
  /** When each tag was last compared with the upstream, in milliseconds. */
  readonly checked: Map<string, number>;
  /** Until when an upstream that did not answer is not asked again, in milliseconds; by host. */
  readonly down: Map<string, number>;
  readonly clock: Clock;
  /** Ends the question what a tag names now, where there is something to serve instead. @default after 3 s */
  readonly patience?: () => AbortSignal;
}

/** Errors that say that an upstream is in no state to answer: what is cached is served then. */
const OUTAGE: ReadonlySet<string> = new Set(['registry-unavailable', 'registry-denied', 'registry-protocol']);
const MAX_CHECKED = 100_000;
/** Who waits for an upstream that is down, waits for each tag again. Milliseconds. */
const DOWN_MS = 15_000;
const PATIENCE_MS = 3_000;

/**
 * Finds a manifest for a client of the mirror: what is cached by its digest; a tag that was compared a short while ago;
 * else by the upstream's word, and if that cannot be had, what was cached.
 *
 * A tag that the upstream no longer has is unknown here, too. Its image stays under its digest.
 */
export async function pullManifest(
  ports: PullManifestPorts,
  route: MirrorRoute,
  reference: string,
): Promise<PulledManifest> {
  const key = `${route.repository}${isDigest(reference) ? '@' : ':'}${reference}`;
  const cached = ports.cache.find(route.repository, reference);
  const isFresh = (ports.checked.get(key) ?? Number.NEGATIVE_INFINITY) + route.rule.tagTtlSeconds * 1000;
  if (cached && (isDigest(reference) || isFresh > ports.clock.now().getTime())) {
    return { kind: 'found', digest: cached.digest, from: 'cache', bytes: 0 };
  }
  const { down, clock, patience = () => AbortSignal.timeout(PATIENCE_MS) } = ports;
  const { upstream } = route.rule;
  if (cached && (down.get(upstream) ?? 0) > clock.now().getTime()) {
    return { kind: 'found', digest: cached.digest, from: 'stale', bytes: 0 };
  }
  const shared = ports.flights.has(key);
  const pulled = await ports.flights.run(key, async () => {
    const limit = cached === undefined ? undefined : patience();
    try {
      const pulled = await fromUpstream(ports, route, reference, cached?.digest, limit);
      if (pulled.kind === 'found') remember(ports, key);
      down.delete(upstream);
      return pulled;
    } catch (cause) {
      const isOutage = limit?.aborted === true || (isLadingError(cause) && OUTAGE.has(cause.code));
      if (!isOutage) throw cause;
      down.set(upstream, clock.now().getTime() + DOWN_MS);
      if (cached === undefined) return { kind: 'unavailable', cause };
      return { kind: 'found', digest: cached.digest, from: 'stale', bytes: 0 };
    }
  });
  // What one client fetched is there already for those who came meanwhile.
  const fetched = pulled.kind === 'found' && pulled.from === 'upstream';
  return shared && fetched ? { ...pulled, from: 'cache', bytes: 0 } : pulled;
}

async function fromUpstream(
  ports: PullManifestPorts,
  route: MirrorRoute,
  reference: string,
  known: Digest | undefined,
  signal: AbortSignal | undefined,
): Promise<PulledManifest> {
  const upstream = await ports.upstream(route.rule.upstream);
  const at = { repository: route.upstreamRepository, reference };
  const call = signal === undefined ? {} : { signal };
  if (known !== undefined) {
    // A HEAD is not counted by registries that limit pulls.
    const head = await upstream.headManifest(at, call);
    if (head === undefined) return { kind: 'unknown' };
    if (head.digest === known) return { kind: 'found', digest: known, from: 'cache', bytes: 0 };
  }
  const fetched: FetchedManifest | undefined = await upstream.getManifest(at, call);
  if (fetched === undefined) return { kind: 'unknown' };
  await ports.cache.store(route.repository, fetched, isDigest(reference) ? undefined : reference);
  return { kind: 'found', digest: fetched.digest, from: 'upstream', bytes: fetched.bytes.length };
}

function remember({ checked, clock }: PullManifestPorts, key: string): void {
  checked.delete(key);
  checked.set(key, clock.now().getTime());
  if (checked.size > MAX_CHECKED) checked.delete(checked.keys().next().value as string);
}
