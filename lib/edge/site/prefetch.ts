import type { Clock } from '../../core/clock.ts';
import type { DesiredImage, DesiredState } from '../model.ts';
import { placementReasons } from '../model.ts';
import type { SiteCache } from './ports.ts';

/** How much of the link fetching ahead may take. */
export interface LinkLimits {
  /** Whether it may be used now. @default always */
  readonly isOpen?: (now: Date) => boolean;
  /** Called with the bytes of each file before it is asked for; resolves when they may come. @default at once */
  readonly pace?: (bytes: number) => Promise<void>;
}

export type MissingWhy = 'budget' | 'link' | 'window';

export interface PrefetchReport {
  readonly fetchedBytes: number;
  /** What is not there, with the reason. */
  readonly missing: readonly { readonly image: DesiredImage; readonly why: MissingWhy; readonly detail: string }[];
}

/** Pins first, then what runs, then the rest, each by its score: a link that breaks leaves the best part done. */
export const byPriority = (images: readonly DesiredImage[]): readonly DesiredImage[] =>
  [...images].sort(
    (a, b) =>
      placementReasons.indexOf(a.reason) - placementReasons.indexOf(b.reason) ||
      b.score - a.score ||
      (a.digest < b.digest ? -1 : 1),
  );

export const isWhole = (cache: Pick<SiteCache, 'has'>, { repository, manifests, blobs }: DesiredImage): boolean =>
  [...manifests, ...blobs].every((file) => cache.has(repository, file));

/** Fetches what is not there, image by image. An image that does not fit, or fails, does not hold up those after it. */
export async function prefetch(
  { images }: DesiredState,
  { cache, clock, limits = {} }: { readonly cache: SiteCache; readonly clock: Clock; readonly limits?: LinkLimits },
): Promise<PrefetchReport> {
  const missing: { image: DesiredImage; why: MissingWhy; detail: string }[] = [];
  let fetchedBytes = 0;
  for (const image of byPriority(images)) {
    const fault = await fetchImage(image, cache, async (bytes) => {
      if (limits.isOpen?.(clock.now()) === false) return false;
      await limits.pace?.(bytes);
      fetchedBytes += bytes;
      return true;
    });
    if (fault === undefined) await cache.setTags(image);
    else missing.push({ image, ...fault });
  }
  return { fetchedBytes, missing };
}

async function fetchImage(
  { repository, digest, manifests, blobs }: DesiredImage,
  cache: SiteCache,
  mayFetch: (bytes: number) => Promise<boolean>,
): Promise<{ readonly why: MissingWhy; readonly detail: string } | undefined> {
  // From the top: what nothing names would belong to no image, and could be dropped or refused meanwhile.
  for (const file of [...manifests.filter((one) => one.digest === digest), ...manifests, ...blobs]) {
    if (cache.has(repository, file)) continue;
    if (!(await mayFetch(file.size))) return { why: 'window', detail: 'the link may not be used now' };
    const outcome = await cache.fetch(repository, file, digest);
    if (outcome.kind === 'no-room') return { why: 'budget', detail: `${file.digest} does not fit` };
    if (outcome.kind === 'failed') return { why: 'link', detail: outcome.why };
  }
  return undefined;
}
