import type { Clock } from '../../../../lib/core/clock.ts';
import { parseSchedule, type Recurrence } from './expression.ts';

export interface ScheduledJob {
  /** The ARN of the schedule or rule. */
  readonly arn: string;
  readonly expression: string;
  readonly timeZone?: string;
  /** A job that is not enabled runs only when it is told to. @default true */
  readonly enabled?: boolean;
  /** Where it leads, for finding it by its target. */
  readonly targetArns: readonly string[];
  readonly fire: (scheduledAt: Date) => void;
}

interface Entry {
  readonly job: ScheduledJob;
  readonly recurrence: Recurrence;
  timer?: NodeJS.Timeout;
}

/** The longest delay that setTimeout takes. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Fires jobs at their times once it is started, or now when it is told to. */
export class LocalScheduler {
  readonly #clock: Clock;
  readonly #jobs: Entry[] = [];
  #started = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws LadingError `schedule-invalid` */
  add(job: ScheduledJob): void {
    const recurrence = parseSchedule(job.expression, this.#clock.now(), job.timeZone);
    const entry = { job, recurrence };
    this.#jobs.push(entry);
    if (this.#started) this.#arm(entry);
  }

  start(): void {
    this.#started = true;
    for (const entry of this.#jobs) this.#arm(entry);
  }

  /** Fires now what `wanted` chooses, and gives the number of jobs. */
  run(wanted: (job: ScheduledJob) => boolean): number {
    const chosen = this.#jobs.filter(({ job }) => wanted(job));
    for (const { job } of chosen) job.fire(this.#clock.now());
    return chosen.length;
  }

  /** The jobs with the time at which each is due next. */
  upcoming(): readonly { readonly arn: string; readonly expression: string; readonly next: Date | undefined }[] {
    const now = this.#clock.now();
    return this.#jobs
      .filter(({ job }) => job.enabled !== false)
      .map(({ job: { arn, expression }, recurrence }) => ({
        arn,
        expression,
        next: recurrence.next(now),
      }));
  }

  close(): void {
    this.#started = false;
    for (const entry of this.#jobs) clearTimeout(entry.timer);
  }

  #arm(entry: Entry, after = this.#clock.now()): void {
    if (entry.job.enabled === false) return;
    const next = entry.recurrence.next(after);
    if (next === undefined) return;
    const delay = Math.max(next.getTime() - this.#clock.now().getTime(), 0);
    entry.timer = setTimeout(
      () => {
        if (delay > MAX_DELAY_MS) return this.#arm(entry, after);
        entry.job.fire(next);
        // From now, not from then: a machine that slept makes up for one run, and not for all it missed.
        this.#arm(entry, new Date(Math.max(next.getTime(), this.#clock.now().getTime())));
      },
      Math.min(delay, MAX_DELAY_MS),
    );
    entry.timer.unref();
  }
}
