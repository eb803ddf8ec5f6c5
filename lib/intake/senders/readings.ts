import { z } from 'zod';
import { type ImageReference, parseImageReference } from '../../core/image-reference.ts';
import type { IgnoredReason, Notice, Reading } from '../model.ts';

/** Texts of strangers are bounded where they are read. */
export const text = z.string().max(2048);
export const moment = z.union([text, z.number()]).optional();

export const events = (...notices: readonly Notice[]): Reading => ({ kind: 'events', notices, ignored: [] });
export const ignored = (reason: IgnoredReason): Reading => ({ kind: 'events', notices: [], ignored: [reason] });

/** Several readings of one delivery as one; a part that is invalid makes the whole so. */
export function together(readings: readonly Reading[]): Reading {
  const notices: Notice[] = [];
  const reasons: IgnoredReason[] = [];
  for (const reading of readings) {
    if (reading.kind !== 'events') return reading;
    notices.push(...reading.notices);
    reasons.push(...reading.ignored);
  }
  return { kind: 'events', notices, ignored: reasons };
}

/** Reads a body by its schema; one of another shape is invalid, with the path of what is wrong. */
export function readAs<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  read: (value: z.infer<Schema>) => Reading,
): Reading {
  const parsed = schema.safeParse(body);
  return parsed.success
    ? read(parsed.data)
    : { kind: 'invalid', problem: z.prettifyError(parsed.error).slice(0, 1000) };
}

/** `host/repository[:tag][@digest]`, or nothing: a sender's text, so what is none is an outcome and no error. */
export function referenceIn(given: string | undefined): ImageReference | undefined {
  if (given === undefined) return undefined;
  try {
    return parseImageReference(given);
  } catch {
    return undefined;
  }
}
