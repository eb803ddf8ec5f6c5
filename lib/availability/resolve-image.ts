import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { describeError } from '../core/errors.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { ManifestReader } from '../registry/index.ts';
import { callsAllowed, figuresOf } from './breaker.ts';
import type { AvailabilityConfig } from './config.ts';
import type { HealthReader, KnownPlace, PlaceFinder } from './ports.ts';

export interface ResolvePorts {
  readonly places: PlaceFinder;
  readonly health: HealthReader;
  readonly clock: Clock;
  open(registry: string): Promise<Pick<ManifestReader, 'headManifest'>>;
}

export interface ResolveRequest {
  readonly registry: string;
  readonly repository: string;
  /** One of the two. The digest is what counts where both are there. */
  readonly tag?: string;
  readonly digest?: Digest;
  /** A location of the configuration. */
  readonly near?: string;
}

export interface Candidate extends KnownPlace {
  readonly verdict: 'chosen' | 'not-needed' | 'down' | 'missing' | 'unreachable';
  /** Why it stands where it stands, and what came of asking it. */
  readonly reason: string;
  readonly medianMs?: number;
}

export type Resolution =
  | {
      readonly kind: 'resolved';
      readonly digest: Digest;
      /** `recorded`: the source could not be asked what the tag names, and what was last seen is told. */
      readonly tagFrom?: 'source' | 'recorded';
      readonly place: ImageLocation;
      /** In the order of preference. */
      readonly candidates: readonly Candidate[];
    }
  | { readonly kind: 'tag-unknown'; readonly detail: string }
  | { readonly kind: 'nowhere'; readonly digest: Digest; readonly candidates: readonly Candidate[] };

/**
 * The nearest healthy registry that holds an image whole: the source, or a replica that is recorded as complete. The one
 * that is named is asked first whether it still does. A registry that is taken for down is asked last of all, when no
 * other is left: an answer that might be wrong is better than none.
 */
export async function resolveImage(
  ports: ResolvePorts,
  request: ResolveRequest,
  config: Pick<AvailabilityConfig, 'locations'>,
): Promise<Resolution> {
  const named = await digestOf(ports, request);
  if (named.kind === 'unknown') return { kind: 'tag-unknown', detail: named.detail };
  const { registry, repository } = request;
  const image = { registry, repository, digest: named.digest };
  const recorded = await ports.places.placesOf(image);
  const places = recorded.length > 0 ? recorded : [{ at: image, standing: 'source' as const }];
  const ranked = await rank(ports, places, nearestFirst(config, request.near));
  const candidates: Candidate[] = [];
  let place: ImageLocation | undefined;
  for (const one of ranked) {
    const candidate = place === undefined ? await ask(ports, one) : passedOver(one);
    if (candidate.verdict === 'chosen') place = candidate.at;
    candidates.push(candidate);
  }
  if (place === undefined) return { kind: 'nowhere', digest: named.digest, candidates };
  return { kind: 'resolved', digest: named.digest, place, candidates, ...(named.from ? { tagFrom: named.from } : {}) };
}

type Named =
  | { readonly kind: 'known'; readonly digest: Digest; readonly from?: 'source' | 'recorded' }
  | { readonly kind: 'unknown'; readonly detail: string };

async function digestOf(ports: ResolvePorts, request: ResolveRequest): Promise<Named> {
  const { registry, repository, tag = 'latest', digest } = request;
  if (digest !== undefined) return { kind: 'known', digest };
  const health = await ports.health.find(registry);
  let detail = `${registry} is taken for down`;
  if (health === undefined || callsAllowed(health.breaker, ports.clock.now()) !== 'no') {
    try {
      const head = await (await ports.open(registry)).headManifest({ repository, reference: tag });
      if (head) return { kind: 'known', digest: head.digest, from: 'source' };
      return { kind: 'unknown', detail: `${registry}/${repository} has no tag ${tag}` };
    } catch (error) {
      detail = describeError(error);
    }
  }
  const seen = await ports.places.lastSeen({ registry, repository }, tag);
  if (seen) return { kind: 'known', digest: seen, from: 'recorded' };
  return { kind: 'unknown', detail: `${detail}, and it is not recorded what ${repository}:${tag} named` };
}

interface Ranked {
  readonly place: KnownPlace;
  readonly isDown: boolean;
  readonly nearness: number;
  readonly medianMs: number | undefined;
  readonly reason: string;
}

type Nearness = (registry: string) => { readonly rank: number; readonly reason: string };

function nearestFirst({ locations }: Pick<AvailabilityConfig, 'locations'>, near: string | undefined): Nearness {
  const listed = locations.find(({ name }) => name === near)?.registries ?? [];
  return (registry) => {
    const i = listed.indexOf(registry);
    return i >= 0 ? { rank: i, reason: `number ${i + 1} near ${near}` } : { rank: listed.length, reason: 'not near' };
  };
}

async function rank(ports: ResolvePorts, places: readonly KnownPlace[], near: Nearness): Promise<readonly Ranked[]> {
  const ranked = await Promise.all(
    places.map(async (place): Promise<Ranked> => {
      const health = await ports.health.find(place.at.registry);
      const { rank: nearness, reason } = near(place.at.registry);
      return {
        place,
        isDown: health !== undefined && callsAllowed(health.breaker, ports.clock.now()) === 'no',
        nearness,
        medianMs: health && figuresOf(health).medianMs,
        reason,
      };
    }),
  );
  const unknown = Number.MAX_SAFE_INTEGER;
  return ranked.sort(
    (a, b) =>
      Number(a.isDown) - Number(b.isDown) ||
      a.nearness - b.nearness ||
      (a.medianMs ?? unknown) - (b.medianMs ?? unknown) ||
      // The source before its copies, and then by name, so that equals are told in one order everywhere.
      Number(a.place.standing === 'replica') - Number(b.place.standing === 'replica') ||
      (a.place.at.registry < b.place.at.registry ? -1 : 1),
  );
}

const described = ({ place, medianMs }: Ranked) => ({ ...place, ...(medianMs === undefined ? {} : { medianMs }) });

function passedOver(ranked: Ranked): Candidate {
  const verdict = ranked.isDown ? 'down' : 'not-needed';
  return { ...described(ranked), verdict, reason: ranked.isDown ? 'taken for down' : ranked.reason };
}

async function ask(ports: ResolvePorts, ranked: Ranked): Promise<Candidate> {
  const { registry, repository, digest } = ranked.place.at;
  const told = described(ranked);
  try {
    const head = await (await ports.open(registry)).headManifest({ repository, reference: digest });
    if (!head) return { ...told, verdict: 'missing', reason: 'it does not hold the image any more' };
    const reason = ranked.isDown ? 'taken for down, and answers after all' : ranked.reason;
    return { ...told, verdict: 'chosen', reason };
  } catch (error) {
    return { ...told, verdict: ranked.isDown ? 'down' : 'unreachable', reason: describeError(error) };
  }
}
