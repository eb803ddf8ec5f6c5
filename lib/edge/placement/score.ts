import type { PlacementWeights } from '../config.ts';
import type { ScoreTerm, SiteLink } from '../model.ts';
import type { Signals } from './model.ts';

const GIB = 1024 ** 3;
const DAY_MS = 24 * 3_600_000;
const HALF_LIFE_DAYS = 7;
/** GiB that any image takes, however little it adds: so that nothing is divided by 0. */
const OVERHEAD_GIB = 0.001;

/** 1 for now, a half for a week ago, 0 for never. */
function freshness(at: string | undefined, now: Date): number {
  if (at === undefined) return 0;
  const days = Math.max(0, (now.getTime() - Date.parse(at)) / DAY_MS);
  return Number.isFinite(days) ? 0.5 ** (days / HALF_LIFE_DAYS) : 0;
}

/** 1 where what is left of the link until then is a day more than the transfer takes or less; falling as there is more. */
export const urgency = (secondsLeft: number, transferSeconds: number): number =>
  Math.min(1, (transferSeconds + DAY_MS / 1000) / Math.max(secondsLeft, 1));

export interface WorthInput {
  readonly signals: Signals;
  readonly pullsPerDay: number;
  readonly urgency: number;
  readonly incumbent: boolean;
  readonly now: Date;
}

/** What having an image at the site is worth, in pulls a day. */
export function worthOf(input: WorthInput, weights: PlacementWeights): readonly ScoreTerm[] {
  const { signals, now } = input;
  const term = (name: string, value: number, unit: string, weight: number): ScoreTerm => ({
    ...{ name, value, unit, weight, side: 'for' },
  });
  return [
    term('pulls here', input.pullsPerDay, 'a day', weights.pullsHere),
    term('pulled anywhere', freshness(signals.pulledAt, now), 'of 1, half a week ago', weights.pulledAnywhere),
    term('runs anywhere', freshness(signals.usedAt, now), 'of 1, half a week ago', weights.runningAnywhere),
    term('new', freshness(signals.pushedAt, now), 'of 1, half a week ago', weights.newness),
    term('deadline', input.urgency, 'of 1, a day before it', weights.deadline),
    term('in the state before', input.incumbent ? 1 : 0, 'yes or no', weights.incumbent),
  ];
}

/** What it takes, in GiB of disk. @param transferBytes of `marginalBytes`, those that the site does not hold */
export function costOf(
  { marginalBytes, transferBytes }: { readonly marginalBytes: number; readonly transferBytes: number },
  link: SiteLink,
  weights: PlacementWeights,
): readonly ScoreTerm[] {
  const term = (name: string, value: number, unit: string, weight: number): ScoreTerm => ({
    ...{ name, value, unit, weight, side: 'against' },
  });
  const overLink = link.connected ? transferBytes : 0;
  return [
    term('disk', marginalBytes / GIB, 'GiB beside what is placed', 1),
    term('link cost', (overLink / GIB) * link.costPerGiB, 'money', weights.gibPerCost),
    term('link time', overLink / link.bytesPerSecond / 3_600, 'hours', weights.gibPerHour),
    term('any image', 1, 'image', OVERHEAD_GIB),
  ];
}

/** What is worth over what it takes: pulls a day for a GiB. */
export function scoreOf(terms: readonly ScoreTerm[]): number {
  const sum = (side: ScoreTerm['side']): number =>
    terms.reduce((total, term) => (term.side === side ? total + term.value * term.weight : total), 0);
  return sum('for') / sum('against');
}
