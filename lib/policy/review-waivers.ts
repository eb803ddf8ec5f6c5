import type { Clock } from '../core/clock.ts';
import { draftEvent, type EventDraft, waiverChanged } from '../events/index.ts';
import { summaryOf } from './change-waivers.ts';
import type { PolicyConfig } from './config.ts';
import type { WaiverStore } from './ports.ts';

export interface Review {
  readonly drafts: readonly EventDraft[];
  /** To be recorded once the drafts are published, so that a crash in between tells them again. */
  readonly until: string;
}

/** Without a review before, so far back is looked: who installs Lading has no older waiver. Milliseconds. */
const FIRST_LOOK_MS = 7 * 86_400_000;

/** What ended since the last look: waivers, and exceptions of the policy in force. */
export async function reviewWaivers(
  { waivers, clock }: { readonly waivers: WaiverStore; readonly clock: Clock },
  policy: PolicyConfig,
): Promise<Review> {
  const now = clock.now();
  const since = (await waivers.reviewedUntil()) ?? new Date(now.getTime() - FIRST_LOOK_MS).toISOString();
  const until = now.toISOString();
  const hasEnded = (end: string): boolean => new Date(end) > new Date(since) && new Date(end) <= now;
  const ended = (await waivers.list()).filter((waiver) => waiver.removed === undefined && hasEnded(waiver.until));
  const exceptions = policy.exceptions.filter((exception) => hasEnded(exception.until));
  const tell = (waiver: ReturnType<typeof summaryOf> | PolicyEnd): EventDraft =>
    draftEvent(waiverChanged, { waiver, change: 'ended' });
  return { drafts: [...ended.map((one) => tell(summaryOf(one))), ...exceptions.map((one) => tell(endOf(one)))], until };
}

type PolicyEnd = ReturnType<typeof endOf>;

const endOf = ({ id, package: name, reason, until }: PolicyConfig['exceptions'][number]) => ({
  id: 'policy',
  vulnerability: id,
  image: '**',
  ...(name ? { package: name } : {}),
  reason,
  until: new Date(until).toISOString(),
});
