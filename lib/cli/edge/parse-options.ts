import { InvalidArgumentError } from '@commander-js/extra-typings';
import { z } from 'zod';
import { edgeSiteSchema, type ImageDeadline, type LinkWindow } from '../../edge/index.ts';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
  ['TiB', 1024 ** 4],
]);

/** Reads `50GiB`, `1.5 TiB`, `4096B`. */
export function bytesOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([KMGT]iB|B)$/.exec(text) ?? [];
  const factor = UNITS.get(unit);
  if (factor === undefined) throw new InvalidArgumentError('It must be a number with B, KiB, MiB, GiB or TiB: 50GiB.');
  return Math.round(Number(number) * factor);
}

export function costOf(text: string): number {
  const value = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(text) && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number, such as 0.09.');
}

/** Reads `22:00-06:00` or `sat,sun 22:00-06:00`. */
export function addWindow(text: string, before: readonly LinkWindow[] = []): readonly LinkWindow[] {
  const [, days, from = '', until = ''] = /^(?:([a-z,]+) )?(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text) ?? [];
  const window = { from, until, ...(days === undefined ? {} : { days: days.split(',') }) };
  const parsed = edgeSiteSchema.shape.link.shape.windows.unwrap().element.safeParse(window);
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

export const addText = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
