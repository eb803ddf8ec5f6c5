import type { Clock } from '../core/clock.ts';
import { isLadingError, LadingError } from '../core/errors.ts';
import { draftEvent, type EventDraft, imageReleased } from '../events/index.ts';
import type { ImageCatalog, RepositoryName } from '../inventory/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Quarantine, RestoredTag } from './model.ts';
import type { LeaseStore, QuarantineStore } from './ports.ts';
import { quarantineTag } from './quarantine-tag.ts';

export interface ReleasePorts {
  readonly catalog: Pick<ImageCatalog, 'bindTag'>;
  readonly leases: Pick<LeaseStore, 'hold'>;
  readonly quarantine: Pick<QuarantineStore, 'endQuarantine'>;
  readonly registry: Pick<Registry, 'headManifest' | 'getManifest' | 'putManifest' | 'deleteTag'>;
  readonly clock: Clock;
}

const DAY_MS = 24 * 3600 * 1000;
/** A push event of ours comes within this time of the push, in ms. */
const OUR_PUSH_MS = 3600 * 1000;

/**
 * Puts back what was set aside: its tags, where nothing else stands under them by now. It is then left alone for as long
 * as it had been set aside for, at least a day, or the same rules would take it again the next night. Idempotent.
 *
 * @throws LadingError `too-late` where its deletion is under way
 */
export async function releaseQuarantined(
  ports: ReleasePorts,
  of: RepositoryName,
  aside: Quarantine,
  reason: string,
): Promise<readonly EventDraft[]> {
  const now = ports.clock.now();
  const days = aside.until === undefined ? 7 : (Date.parse(aside.until) - Date.parse(aside.quarantinedAt)) / DAY_MS;
  const until = new Date(now.getTime() + Math.max(1, days) * DAY_MS).toISOString();
  const lease = { reason: `released from quarantine: ${reason}`.slice(0, 300), until };
  for (const digest of aside.digests) {
    if ((await ports.leases.hold(of, { ...lease, digest })) === 'held') continue;
    throw new LadingError('too-late', `${digest} is being deleted at this moment`, { retryable: true });
  }
  const back = await putTagsBack(ports, of, aside);
  await ports.quarantine.endQuarantine(of, aside, back);
  const tags = back.filter(({ digest }) => digest === aside.root).map(({ tag }) => tag);
  const subject = { ...of, digest: aside.root, mediaType: aside.mediaType, tags };
  return [draftEvent(imageReleased, { subject, reason, quarantinedAt: aside.quarantinedAt })];
}

/** The tags that stand again; a tag under which another image stands by now is that image's. */
export async function putTagsBack(
  { registry, catalog, clock }: Pick<ReleasePorts, 'registry' | 'catalog' | 'clock'>,
  of: RepositoryName,
  aside: Quarantine,
): Promise<readonly RestoredTag[]> {
  const { repository } = of;
  const back: RestoredTag[] = [];
  for (const { tag, digest, boundAt } of aside.tags) {
    const head = await registry.headManifest({ repository, reference: tag });
    if (head && head.digest !== digest) continue;
    const found = head ? undefined : await registry.getManifest({ repository, reference: digest });
    if (!head && !found) continue;
    if (found) await registry.putManifest({ repository, reference: tag, ...found });
    const now = clock.now();
    if (found) await catalog.bindTag({ ...of, tag, digest, boundAt: now.toISOString() });
    back.push({ tag, digest, boundAt, until: new Date(now.getTime() + OUR_PUSH_MS).toISOString() });
  }
  // Ours go last: in ECR an image without a tag left is gone.
  for (const digest of new Set(aside.tags.map((one) => one.digest))) {
    const tag = quarantineTag(digest);
    if (!(await registry.headManifest({ repository, reference: tag }))) continue;
    // Where all of its tags are another image's by now, ours stays: it may be what keeps the image.
    if (!back.some((one) => one.digest === digest)) continue;
    try {
      await registry.deleteTag({ repository, tag });
    } catch (error) {
      // A registry that deletes no tags keeps ours as well; on the digest that it names it counts as none.
      if (isLadingError(error, 'registry-refused')) continue;
      throw error;
    }
    await catalog.bindTag({ ...of, tag, digest: undefined, boundAt: clock.now().toISOString() });
  }
  return back;
}
