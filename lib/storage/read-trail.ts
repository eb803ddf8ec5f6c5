import { z } from 'zod';

/** The audit trail, as far as it is read here: entries are numbered without gaps, in the order they were recorded. */
export interface Trail {
  /** Oldest first, after the given number. */
  after(seq: number, limit: number): Promise<readonly TrailEntry[]>;
  /** Number of the newest entry; 0 when there is none. */
  head(): Promise<number>;
}

export interface TrailEntry {
  readonly seq: number;
  /** When it happened; ISO 8601. */
  readonly time: string;
  readonly detailType: string;
  /** The event's detail as recorded; of `eventsOfPeriod`, its data. */
  readonly data: unknown;
}

const PAGE = 500;
/** An entry is recorded after it happened, mostly by seconds; one that waited in a dead-letter queue by days. */
const SLACK_MS = 4 * 86_400_000;

/**
 * What happened within a period. The first entry is looked for by halves, since entries have no index by time; because
 * they are only nearly in order of time, it is looked for some days before.
 */
export async function* eventsOfPeriod(
  trail: Trail,
  period: { readonly from: number; readonly until: number },
): AsyncGenerator<TrailEntry> {
  const head = await trail.head();
  let after = await lastBefore(trail, head, period.from - SLACK_MS);
  while (after < head) {
    const entries = await trail.after(after, PAGE);
    if (entries.length === 0) return;
    for (const entry of entries) {
      const at = Date.parse(entry.time);
      if (at >= period.from && at < period.until) yield { ...entry, data: dataOf(entry.data) };
      after = Math.max(after, entry.seq);
    }
    const last = entries.at(-1);
    if (last !== undefined && Date.parse(last.time) > period.until + SLACK_MS) return;
  }
}

const wholeDetail = z.object({ metadata: z.object({}).loose(), data: z.unknown() });

/** The trail keeps the whole detail of an event: its metadata, and its data. */
function dataOf(detail: unknown): unknown {
  const whole = wholeDetail.safeParse(detail);
  return whole.success ? whole.data.data : detail;
}

/** The number of an entry before which nothing matters. */
async function lastBefore(trail: Trail, head: number, time: number): Promise<number> {
  let [low, high] = [0, head];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = await trail.after(middle, 1);
    if (entry !== undefined && Date.parse(entry.time) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
