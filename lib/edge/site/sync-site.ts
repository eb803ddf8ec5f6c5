import type { Clock } from '../../core/clock.ts';
import { isLadingError } from '../../core/errors.ts';
import type { Signer, VerificationKey } from '../../signing/index.ts';
import { heldRoot } from '../held-root.ts';
import type { DesiredState, SiteReport } from '../model.ts';
import { MOST_BLOBS, MOST_IMAGES } from '../model.ts';
import { sealSiteReport } from '../signed-documents.ts';
import type { HubLink, ReportAnswer, SiteCache, SiteMemory, SiteRecord } from './ports.ts';
import { isWhole, type LinkLimits, type PrefetchReport, prefetch } from './prefetch.ts';
import { type StateRefusal, takeDesiredState } from './take-desired-state.ts';

export interface SitePorts {
  readonly site: string;
  readonly hub: HubLink;
  readonly cache: SiteCache;
  readonly memory: SiteMemory;
  /** The site's own key. */
  readonly signer: Signer;
  /** Keys that are trusted to say what the site should hold. */
  readonly keys: readonly VerificationKey[];
  readonly clock: Clock;
  readonly limits?: LinkLimits;
}

/** What became of the question what the site should hold. */
export type StateOutcome =
  | { readonly kind: 'taken'; readonly generation: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreachable'; readonly why: string }
  | { readonly kind: 'refused'; readonly reason: StateRefusal; readonly detail: string };

export interface SiteRound {
  readonly state: StateOutcome;
  /** Of the state that is acted on, which may be one from before; `frozen`: it has ended, and nothing new is fetched. */
  readonly generation: number;
  readonly frozen: boolean;
  readonly prefetch: PrefetchReport;
  readonly report: ReportAnswer | { readonly kind: 'unreachable'; readonly why: string };
}

/**
 * One round of a site: asks what it should hold, fetches what is missing, says what it holds. Whatever part fails, the
 * others are done: a site without a link goes on with the last state that it verified.
 */
export async function syncSite(ports: SitePorts): Promise<SiteRound> {
  const { site, keys, clock, cache, memory, limits } = ports;
  const before = await memory.load();
  const { outcome, record, taken } = await ask(ports, before);
  const state = taken ?? lastState(record, { site, keys });
  const frozen = state !== undefined && new Date(state.expiresAt) <= clock.now();
  if (taken !== undefined) await leaseImages(cache, taken);
  const fetched: PrefetchReport =
    state === undefined || frozen
      ? { fetchedBytes: 0, missing: [] }
      : await prefetch(state, { cache, clock, ...(limits ? { limits } : {}) });
  const report = await tell(ports, record, state, { fetched, frozen });
  return { state: outcome, generation: record.generation, frozen, prefetch: fetched, report };
}

/** Taken once already, so its end is no reason to forget it. A key that is trusted no more is. */
function lastState(record: SiteRecord, given: Pick<SitePorts, 'site' | 'keys'>): DesiredState | undefined {
  if (record.envelope === undefined) return undefined;
  const last = takeDesiredState(record.envelope, record, { ...given, now: new Date(0) });
  return last.kind === 'taken' ? last.state : undefined;
}

async function ask(
  { hub, site, keys, clock, memory }: SitePorts,
  before: SiteRecord,
): Promise<{ readonly outcome: StateOutcome; readonly record: SiteRecord; readonly taken?: DesiredState }> {
  let envelope: Uint8Array | undefined;
  try {
    envelope = await hub.desired();
  } catch (error) {
    if (!isLadingError(error)) throw error;
    return { outcome: { kind: 'unreachable', why: error.message }, record: before };
  }
  if (envelope === undefined) return { outcome: { kind: 'none' }, record: before };
  const taken = takeDesiredState(envelope, before, { site, keys, now: clock.now() });
  if (taken.kind === 'refused') return { outcome: taken, record: before };
  const { generation } = taken.state;
  // Before anything is done by it: a state that was acted on must never be taken for unseen.
  const record = { ...before, generation, envelope: taken.envelope };
  await memory.save(record);
  return { outcome: { kind: 'taken', generation }, record, taken: taken.state };
}

/** Pins and what runs stay whatever becomes of the link; the rest as long as the state is in force. */
async function leaseImages(cache: SiteCache, { images, expiresAt }: DesiredState): Promise<void> {
  await cache.lease(
    images.map(({ repository, digest, reason, leasedUntil }) => {
      const end = leasedUntil ?? (reason === 'placed' ? expiresAt : undefined);
      return { repository, digest, until: end === undefined ? undefined : new Date(end) };
    }),
  );
}

async function tell(
  { hub, memory, signer, ...ports }: SitePorts,
  record: SiteRecord,
  state: DesiredState | undefined,
  round: { readonly fetched: PrefetchReport; readonly frozen: boolean },
): Promise<SiteRound['report']> {
  // By the clock, so that a site that lost its memory does not begin below what the hub has seen of it.
  const sequence = Math.max(record.sequence + 1, ports.clock.now().getTime());
  // A number that may have been sent is never used for something else.
  await memory.save({ ...record, sequence });
  const activity = ports.cache.activity();
  const report = describe(ports, { ...record, sequence }, state, round, activity);
  const envelope = await sealSiteReport(signer, report);
  try {
    const answer = await hub.report(envelope);
    if (answer.kind === 'accepted') activity.forget();
    return answer;
  } catch (error) {
    if (!isLadingError(error)) throw error;
    return { kind: 'unreachable', why: error.message };
  }
}

function describe(
  { site, cache, clock }: Pick<SitePorts, 'site' | 'cache' | 'clock'>,
  { generation, sequence }: SiteRecord,
  state: DesiredState | undefined,
  { fetched, frozen }: { readonly fetched: PrefetchReport; readonly frozen: boolean },
  { evicted, pulls, inUse }: ReturnType<SiteCache['activity']>,
): SiteReport {
  const wanted = state?.images ?? [];
  const images = wanted
    .filter((image) => isWhole(cache, image))
    .map(({ repository, digest }) => ({
      ...{ repository, digest },
      tags: [...cache.tagsOf(repository, digest)].sort(),
    }));
  const files = cache.files();
  const why = new Map(fetched.missing.map(({ image, why: reason, detail }) => [image.digest, `${reason}: ${detail}`]));
  const absent = wanted.filter((image) => !isWhole(cache, image));
  return {
    ...{ site, sequence, generation, at: clock.now().toISOString() },
    merkleRoot: heldRoot(images),
    images,
    bytes: [...files.values()].reduce((sum, bytes) => sum + bytes, 0),
    budgetBytes: cache.budgetBytes,
    held: [...files.keys()].sort().slice(0, MOST_BLOBS),
    evicted: evicted.slice(-MOST_IMAGES),
    missing: absent.map(({ digest }) => ({
      digest,
      why: (why.get(digest) ?? (frozen ? 'frozen: the desired state has ended' : 'it was there and went')).slice(
        0,
        300,
      ),
    })),
    pulls: pulls.slice(0, MOST_IMAGES),
    inUse: inUse.slice(0, MOST_IMAGES),
  };
}
