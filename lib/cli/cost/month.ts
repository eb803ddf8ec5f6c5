import { LadingError } from '../../core/errors.ts';

/**
 * A calendar month, UTC. The present one ends now; one to come is told as if what is there stays, and nothing is added.
 *
 * @throws LadingError `month-invalid`
 */
export function monthOf(month: string | undefined, now: Date): { readonly from: string; readonly until: string } {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month ?? now.toISOString().slice(0, 7)) ?? [];
  if (year === undefined) throw new LadingError('month-invalid', `"${month}" is not a month like 2026-03`);
  const start = Date.UTC(Number(year), Number(number) - 1, 1);
  const end = Date.UTC(Number(year), Number(number), 1);
  const isPresent = start < now.getTime() && now.getTime() < end;
  return { from: new Date(start).toISOString(), until: (isPresent ? now : new Date(end)).toISOString() };
}
