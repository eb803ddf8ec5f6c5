import { Cron } from 'croner';
import { LadingError } from '../../../../lib/core/errors.ts';

/** When a schedule is due. */
export interface Recurrence {
  /** The first time after `after`, or undefined when there is none any more. */
  next(after: Date): Date | undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  minute: 60_000,
  minutes: 60_000,
  hour: 3_600_000,
  hours: 3_600_000,
  day: 86_400_000,
  days: 86_400_000,
};

/**
 * Reads `rate(value unit)`, `cron(minutes hours day-of-month month day-of-week year)` or `at(yyyy-mm-ddThh:mm:ss)`
 * (EventBridge Scheduler user guide, "Schedule types").
 *
 * @param anchor from where a rate counts
 * @throws LadingError `schedule-invalid`
 */
export function parseSchedule(expression: string, anchor: Date, timeZone = 'UTC'): Recurrence {
  const [, kind = '', argument = ''] = /^(rate|cron|at)\(([^)]*)\)$/.exec(expression.trim()) ?? [];
  switch (kind) {
    case 'rate':
      return rate(expression, argument, anchor);
    case 'cron':
      return cron(expression, argument, timeZone);
    case 'at':
      return at(expression, argument, timeZone);
    default:
      throw invalid(expression, 'it is none of rate(…), cron(…) and at(…)');
  }
}

const invalid = (expression: string, why: string, cause?: unknown): LadingError =>
  new LadingError('schedule-invalid', `the schedule expression "${expression}" is not valid: ${why}`, { cause });

function rate(expression: string, argument: string, anchor: Date): Recurrence {
  const [, count = '', unit = ''] = /^(\d+)\s+(\w+)$/.exec(argument.trim()) ?? [];
  const every = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (!(every > 0)) throw invalid(expression, 'a rate is a number and minutes, hours or days');
  return {
    next: (after) => {
      const passed = Math.floor((after.getTime() - anchor.getTime()) / every);
      return new Date(anchor.getTime() + (Math.max(passed, 0) + 1) * every);
    },
  };
}

function at(expression: string, argument: string, timeZone: string): Recurrence {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(argument)) throw invalid(expression, 'at takes yyyy-mm-ddThh:mm:ss');
  const once = build(expression, argument, timeZone);
  return { next: (after) => once.nextRun(after) ?? undefined };
}

function cron(expression: string, argument: string, timeZone: string): Recurrence {
  const fields = argument.trim().split(/\s+/);
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields;
  if (fields.length !== 6 || !minutes || !hours || !dayOfMonth || !month || !dayOfWeek || !year) {
    throw invalid(expression, 'cron takes six fields: minutes, hours, day of month, month, day of week, year');
  }
  // "You can't specify the Day-of-month and Day-of-week fields in the same cron expression."
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw invalid(expression, 'one of day of month and day of week must be "?", and only one');
  }
  const pattern = [
    '0',
    steps(minutes, 59),
    steps(hours, 23),
    steps(dayOfMonth, 31).replace('?', '*'),
    steps(month, 12),
    weekday(dayOfWeek),
    steps(year, 2199),
  ].join(' ');
  const job = build(expression, pattern, timeZone);
  return { next: (after) => job.nextRun(after) ?? undefined };
}

/** `5/15` starts at 5 and steps by 15 to the end, which croner writes as a range. */
const steps = (field: string, max: number): string => field.replace(/(^|,)(\d+)\/(\d+)/g, `$1$2-${max}/$3`);

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Day of week: 1-7 or SUN-SAT; `L` alone is Saturday, `6L` the last Friday, `3#2` the second Tuesday. */
function weekday(field: string): string {
  return steps(field, 7)
    .replace('?', '*')
    .toUpperCase()
    .split(',')
    .map((part) => {
      if (part === 'L') return '7';
      return part.replace(/^([A-Z]{3}|\d)L$/, '$1#L');
    })
    .map((part) => {
      const [from, to] = part.split('-').map((day) => DAYS.indexOf(day));
      // A range of names may run over the end of the week.
      if (from === undefined || to === undefined || from < 0 || to < 0 || from <= to) return part;
      return `${DAYS[from]}-SAT,SUN-${DAYS[to]}`;
    })
    .join(',');
}

function build(expression: string, pattern: string, timeZone: string): Cron {
  try {
    // AWS counts the days of the week from Sunday as 1.
    const options = { timezone: timeZone, alternativeWeekdays: true, paused: true };
    const cronjob = new Cron(
      pattern,
      pattern.includes('T') && pattern.includes(':') ? options : { ...options, mode: '7-part' },
    );
    cronjob.nextRun();
    return cronjob;
  } catch (error) {
    throw invalid(expression, error instanceof Error ? error.message : 'syntax', error);
  }
}
