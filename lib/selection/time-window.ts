import { z } from 'zod';

const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'not a time of day, such as "22:00"');

/** Times at which something may be done. UTC. */
export const timeWindowSchema = z.strictObject({
  /** @default every day; the day on which the window opens */
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .optional(),
  from: clockTime,
  /** An end that is not after its beginning is of the next day. */
  until: clockTime,
});
export type TimeWindow = Readonly<z.infer<typeof timeWindowSchema>>;

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const MINUTES_A_DAY = 24 * 60;

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Whether it is one of those times, or all are. A window that ends before it begins goes over midnight. */
export function isOpen(windows: readonly TimeWindow[] | undefined, now: Date): boolean {
  if (windows === undefined) return true;
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  return windows.some(({ days, from, until }) => {
    const begin = minutesOf(from);
    const end = minutesOf(until);
    const opensOn = (daysAgo: number): boolean =>
      days === undefined || days.includes(DAYS[(now.getUTCDay() - daysAgo + 7) % 7] as (typeof DAYS)[number]);
    if (end > begin) return opensOn(0) && minute >= begin && minute < end;
    return (opensOn(0) && minute >= begin && minute < MINUTES_A_DAY) || (opensOn(1) && minute < end);
  });
}
