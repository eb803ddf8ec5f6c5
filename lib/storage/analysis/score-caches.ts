import { compileGlobs } from '../../core/glob.ts';
import { locationKey } from '../../core/image-reference.ts';
import { type CatalogEntry, type CatalogReader, tagsOf } from '../../inventory/index.ts';
import type { StorageConfig } from '../config.ts';
import type { PullCounter } from '../ports.ts';
import { gatherBlobs } from './measure-storage.ts';

export interface CacheScore {
  readonly image: string;
  readonly tags: readonly string[];
  readonly pushedAt: string;
  /** Bytes that nobody else holds: what deleting it would free. */
  readonly uniqueBytes: number;
  readonly bytes: number;
  /** Pulls since it was pushed, within the time that was looked at; absent where its registry tells of none. */
  readonly hits: number | undefined;
  readonly secondsSavedPerHit: number;
  /** Hours of a build saved for each gigabyte (10⁹ bytes) and month of 730 hours that it is kept. */
  readonly hoursPerGbMonth: number | undefined;
  /** US dollars a month: what hits save, less what its own bytes cost. */
  readonly worthUsd: number | undefined;
  readonly verdict: 'worth-keeping' | 'costs-more' | 'unused' | 'unknown';
  /** How the score came about, for people. */
  readonly why: string;
}

export interface CacheReport {
  /** The worst value first. */
  readonly caches: readonly CacheScore[];
  readonly bytes: number;
  /** Of those that are unused or cost more than they save. */
  readonly reclaimable: number;
  readonly from: string;
  readonly until: string;
}

const HOUR = 3_600_000;
const MONTH = 730 * HOUR;
/** A cache that was pushed just now has had no time to be hit. */
const TRIAL = 24 * HOUR;

/**
 * What each build cache is worth: hits × time saved ÷ bytes. A pull of the cache's manifest is a hit. Time saved is what
 * the configuration says (measured, or assumed); the answer says which.
 */
export async function scoreCaches(
  ports: { readonly catalog: CatalogReader; readonly pulls: PullCounter },
  config: StorageConfig,
  period: { readonly from: Date; readonly until: Date },
): Promise<CacheReport> {
  const caches: CatalogEntry[] = [];
  for await (const of of ports.catalog.repositories()) {
    for await (const entry of ports.catalog.entries(of)) if (entry.artifactClass === 'cache') caches.push(entry);
  }
  const { blobs } = await gatherBlobs(ports.catalog, 'image', config);
  const counts = await ports.pulls.count(period);
  const measured = config.cache.measured.map((one) => ({ ...one, fits: compileGlobs(one.repositories) }));
  const scores: CacheScore[] = [];
  for (const cache of caches) {
    const key = locationKey(cache);
    const held = blobs.filter(({ owners }) => owners.has(key));
    const sum = (of: typeof held): number => of.reduce((total, { bytes }) => total + bytes, 0);
    const own = measured.find(({ fits }) => fits(`${cache.registry}/${cache.repository}`));
    scores.push({
      ...score(
        {
          uniqueBytes: sum(held.filter(({ owners }) => owners.size === 1)),
          hits: (await ports.pulls.tells(cache)) ? (counts.get(key) ?? 0) : undefined,
          saved: own?.secondsSavedPerHit ?? config.cache.secondsSavedPerHit,
          basis: own ? 'measured' : 'assumed',
          ms: Math.max(period.until.getTime() - Math.max(period.from.getTime(), Date.parse(cache.pushedAt)), 0),
        },
        config,
      ),
      image: key,
      tags: await tagsOf(ports.catalog, cache),
      pushedAt: cache.pushedAt,
      bytes: sum(held),
    });
  }
  scores.sort((a, b) => (a.worthUsd ?? 0) - (b.worthUsd ?? 0) || b.uniqueBytes - a.uniqueBytes);
  const useless = scores.filter(({ verdict }) => verdict === 'unused' || verdict === 'costs-more');
  return {
    caches: scores,
    bytes: scores.reduce((total, { bytes }) => total + bytes, 0),
    reclaimable: useless.reduce((total, { uniqueBytes }) => total + uniqueBytes, 0),
    from: period.from.toISOString(),
    until: period.until.toISOString(),
  };
}

function score(
  known: {
    readonly uniqueBytes: number;
    readonly hits: number | undefined;
    readonly saved: number;
    readonly basis: string;
    readonly ms: number;
  },
  { cache }: StorageConfig,
): Omit<CacheScore, 'image' | 'tags' | 'pushedAt' | 'bytes'> {
  const { uniqueBytes, hits, saved, basis, ms } = known;
  const gb = uniqueBytes / 1e9;
  const common = { uniqueBytes, hits, secondsSavedPerHit: saved };
  if (hits === undefined) {
    const why = 'its registry tells of no pulls, so nobody knows whether it is used';
    return { ...common, hoursPerGbMonth: undefined, worthUsd: undefined, verdict: 'unknown', why };
  }
  const months = ms / MONTH;
  const perMonth = months > 0 ? hits / months : 0;
  const savedUsd = perMonth * (saved / 60) * cache.buildMinuteUsd;
  const costUsd = gb * cache.gbMonthUsd;
  const hours = gb > 0 ? (perMonth * saved) / 3600 / gb : undefined;
  const why =
    `${hits} hits in ${(ms / 86_400_000).toFixed(1)} days × ${saved} s saved each (${basis}) ÷ ` +
    `${gb.toFixed(3)} GB of its own; a month saves ${savedUsd.toFixed(4)} USD of build time and costs ${costUsd.toFixed(4)} USD`;
  const verdict =
    hits === 0 && ms < TRIAL ? 'unknown' : hits === 0 ? 'unused' : savedUsd >= costUsd ? 'worth-keeping' : 'costs-more';
  return { ...common, hoursPerGbMonth: hours, worthUsd: savedUsd - costUsd, verdict, why };
}
