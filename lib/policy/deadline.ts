import type { Finding, Severity } from '../vulnerabilities/index.ts';
import { concernsRepository, coversFinding, type Waiver } from './waiver.ts';

/** Days that may pass from when a finding could first be mended; none for what is not named. */
export type DeadlineDays = Readonly<Partial<Record<Severity, number>>>;

export const defaultDeadlineDays: DeadlineDays = { critical: 7, high: 30, medium: 90, low: 180 };

export interface Deadline {
  /** Later than at first by the time that waivers stop the clock, those in force to their announced end included. */
  readonly dueAt: string;
  readonly state: 'running' | 'paused' | 'overdue';
}

interface Pause {
  readonly from: number;
  readonly to: number;
}

const DAY = 86_400_000;

/**
 * When a finding is to be mended. Its clock starts when a version that mends it became known (nothing could be deployed
 * before), and stands while a waiver about it is in force. Undefined without a fix, or for a severity without a limit.
 */
export function deadlineOf(
  finding: Finding,
  image: { readonly registry: string; readonly repository: string },
  waivers: readonly Waiver[],
  days: DeadlineDays,
  now: Date,
): Deadline | undefined {
  const allowed = days[finding.severity];
  if (finding.fixableSince === undefined || allowed === undefined) return undefined;
  const pauses = pausesOf(waivers.filter((one) => concernsRepository(one, image) && coversFinding(one, finding)));
  let cursor = Date.parse(finding.fixableSince);
  let left = allowed * DAY;
  for (const { from, to } of pauses) {
    const running = Math.max(0, from - cursor);
    if (running >= left) break;
    left -= running;
    cursor = Math.max(cursor, to);
  }
  const due = cursor + left;
  const at = now.getTime();
  const isPaused = pauses.some(({ from, to }) => from <= at && at < to);
  return { dueAt: new Date(due).toISOString(), state: at >= due ? 'overdue' : isPaused ? 'paused' : 'running' };
}

/** When waivers held, in order and without overlaps. */
function pausesOf(waivers: readonly Waiver[]): readonly Pause[] {
  const pauses = waivers
    .map(({ createdAt, until, removed }) => ({
      from: Date.parse(createdAt),
      to: Math.min(Date.parse(until), removed ? Date.parse(removed.at) : Number.POSITIVE_INFINITY),
    }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  const merged: Pause[] = [];
  for (const pause of pauses) {
    const last = merged.at(-1);
    if (last && pause.from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, pause.to) };
    else merged.push(pause);
  }
  return merged;
}
