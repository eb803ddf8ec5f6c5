/*
 * When a rule's own schedule was last due. Expressions are those of EventBridge Scheduler (its user guide, "Schedule
 * types"), in UTC: `rate(6 hours)`, `cron(30 2 ? * MON-FRI *)`; of its special letters only `?`.
 */

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
]);
const DAY_MS = 86_400_000;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
/** A date that comes in leap years alone is at most eight years ago. */
const MOST_DAYS = 9 * 366;

export interface RuleSchedule {
  /** The last time up to `now`, itself included, that it was due; `undefined` where that never was. */
  lastDue(now: Date): Date | undefined;
}

/** @returns `undefined` where it is no such expression, or is never due */
export function parseRuleSchedule(expression: string): RuleSchedule | undefined {
  const [, kind, argument = ''] = /^(rate|cron)\(([^()]{1,200})\)$/.exec(expression) ?? [];
  if (kind === 'rate') return rate(argument);
  return kind === 'cron' ? cron(argument) : undefined;
}

/** Counted from 1970 on: where it is asked about, and since when, makes no difference. */
function rate(argument: string): RuleSchedule | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5}) (minute|hour|day)s?$/.exec(argument) ?? [];
  const every = Number(count) * (UNIT_MS.get(unit) ?? Number.NaN);
  if (!(every > 0)) return undefined;
  return { lastDue: (now) => new Date(Math.floor(now.getTime() / every) * every) };
}

interface Fields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  isDay(day: Date): boolean;
}

function cron(argument: string): RuleSchedule | undefined {
  const fields = readFields(argument.trim().split(/\s+/));
  if (fields === undefined) return undefined;
  return { lastDue: (now) => lastOf(fields, now) };
}

function readFields(texts: readonly string[]): Fields | undefined {
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = texts;
  // "You can't specify the Day-of-month and Day-of-week fields in the same cron expression."
  if (texts.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?')) return undefined;
  const minutes = values(minute, 0, 59);
  const hours = values(hour, 0, 23);
  const months = values(month, 1, 12, MONTHS, 1);
  const years = values(year, 1970, 2199);
  const days = dayOfMonth === '?' ? undefined : values(dayOfMonth, 1, 31);
  // 1 is Sunday.
  const weekdays = dayOfWeek === '?' ? undefined : values(dayOfWeek, 1, 7, WEEKDAYS, 1);
  if (!minutes || !hours || !months || !years || !(days ?? weekdays)) return undefined;
  return {
    minutes: [...minutes].sort((a, b) => b - a),
    hours: [...hours].sort((a, b) => b - a),
    isDay: (day) =>
      years.has(day.getUTCFullYear()) &&
      months.has(day.getUTCMonth() + 1) &&
      (days?.has(day.getUTCDate()) ?? true) &&
      (weekdays?.has(day.getUTCDay() + 1) ?? true),
  };
}

function lastOf({ minutes, hours, isDay }: Fields, now: Date): Date | undefined {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  for (let back = 0; back < MOST_DAYS; back++) {
    const day = today - back * DAY_MS;
    if (!isDay(new Date(day))) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const at = day + (hour * 60 + minute) * 60_000;
        if (at <= now.getTime()) return new Date(at);
      }
    }
  }
  return undefined;
}

/** A field: `*`, or numbers, names, ranges and steps (`5/15`, `1-5`, `*` with `/2`), with commas between them. */
function values(
  field: string,
  least: number,
  most: number,
  names: readonly string[] = [],
  firstName = 0,
): ReadonlySet<number> | undefined {
  const numberOf = (text: string): number => {
    const name = names.indexOf(text.toUpperCase());
    if (name >= 0) return name + firstName;
    return /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  };
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d{1,4}))?$/.exec(part) ?? [];
    const [from = '', to] = range.split('-');
    const begin = range === '*' ? least : numberOf(from);
    const alone = step === undefined ? begin : most;
    const end = range === '*' ? most : to === undefined ? alone : numberOf(to);
    const by = step === undefined ? 1 : Number(step);
    if (!(begin >= least && end <= most && begin <= end && by >= 1)) return undefined;
    for (let value = begin; value <= end; value += by) found.add(value);
  }
  return found;
}
