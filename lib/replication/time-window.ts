import type { RuleTarget } from './config.ts';

type Window = NonNullable<RuleTarget['windows']>[number];

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const MINUTES_A_DAY = 24 * 60;

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Whether copies may be begun now. Times are UTC; a window that ends before it begins goes over midnight. */
export function isOpen(windows: readonly Window[] | undefined, now: Date): boolean {
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
