import { InvalidArgumentError } from '@commander-js/extra-typings';
import { z } from 'zod';
import { parseBytes } from '../../core/format-units.ts';
import type { ImageDeadline } from '../../edge/index.ts';
import { type TimeWindow, timeWindowSchema } from '../../selection/index.ts';

/** As `parseBytes` reads it. */
export function bytesOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw new InvalidArgumentError('It must be a number with B, KiB, MiB, GiB or TiB: 50GiB.');
  return bytes;
}

export function costOf(text: string): number {
  const value = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number, such as 0.09.');
}

/** Reads `22:00-06:00` or `sat,sun 22:00-06:00`. */
export function addWindow(text: string, before: readonly TimeWindow[] = []): readonly TimeWindow[] {
  const [, days, from = '', until = ''] = /^(?:([a-z,]+) )?(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? [];
  const window = { from, until, ...(days === undefined ? {} : { days: days.split(',') }) };
  const parsed = timeWindowSchema.safeParse(window);
  if (parsed.success) return [...before, parsed.data];
  throw new InvalidArgumentError('Write "22:00-06:00" or "sat,sun 22:00-06:00" (UTC).');
}

/** Reads `team/app:2=2026-06-01T06:00:00Z`. */
export function addDeadline(text: string, before: readonly ImageDeadline[] = []): readonly ImageDeadline[] {
  const at = text.lastIndexOf('=');
  const by = z.iso.datetime().safeParse(text.slice(at + 1));
  if (at > 0 && by.success) return [...before, { image: text.slice(0, at), by: by.data }];
  throw new InvalidArgumentError('Write IMAGE=TIME, such as team/app:2=2026-06-01T06:00:00Z.');
}
