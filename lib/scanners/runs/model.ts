import { z } from 'zod';
import { subjectSchema } from '../../events/index.ts';

/**
 * Why a run waits: it is new, it is the next one of an image that was scanned, as many run as may, today's are used up,
 * or it failed in passing and is tried again.
 */
const waitReason = z.enum(['new', 'again', 'concurrency', 'daily-budget', 'retry']);

/**
 * Where a run is. `waiting` → `starting` → `running` → one of the three ends; a scanner that answers at once skips
 * `running`, and a start that failed in passing goes back to `waiting`. Only `completed` has a vote, and only of a
 * scanner: a generator has made an SBOM of so many packages.
 */
const stateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('waiting'), reason: waitReason, notBefore: z.iso.datetime() }),
  /** Written before the scanner is asked: whoever finds it again asks under the same id. */
  z.object({
    kind: z.literal('starting'),
    since: z.iso.datetime(),
    slot: z.int(),
    /** Until then nobody else takes it up. */
    leaseUntil: z.iso.datetime(),
  }),
  z.object({ kind: z.literal('running'), since: z.iso.datetime(), slot: z.int(), handle: z.string().max(1000) }),
  z.object({
    kind: z.literal('completed'),
    endedAt: z.iso.datetime(),
    voter: z.string().optional(),
    findings: z.int().optional(),
    packages: z.int().optional(),
    outcome: z.enum(['stored', 'unchanged', 'superseded']).optional(),
  }),
  z.object({ kind: z.literal('failed'), endedAt: z.iso.datetime(), code: z.string(), reason: z.string().max(1000) }),
  z.object({ kind: z.literal('timed-out'), endedAt: z.iso.datetime(), reason: z.string().max(1000) }),
]);
export type RunState = z.infer<typeof stateSchema>;

/** One scan of one image by one scanner, with the advisories that it had on one day. */
export const runSchema = z.object({
  subject: subjectSchema,
  /** Kind of the scanner, as the setting has it. */
  scanner: z.string().max(50),
  /** The day (UTC) whose advisories are asked for: scanners renew them daily. */
  day: z.iso.date(),
  requestedAt: z.iso.datetime(),
  requestedBy: z.string().max(300),
  state: stateSchema,
  /** How often it was begun. */
  attempts: z.int().nonnegative(),
  /** The day whose budget it was counted in. */
  charged: z.iso.date().optional(),
  /** Why it could not be begun, or looked at, the last time. */
  lastProblem: z.string().max(1000).optional(),
  /** Counts up with each write, so that of two who act on the same state one wins. */
  revision: z.int().nonnegative(),
});
export type ScannerRun = z.infer<typeof runSchema>;

export type EndState = Extract<RunState, { readonly endedAt: string }>;
export const isEnded = (state: RunState): state is EndState => 'endedAt' in state;
export const dayOf = (time: Date): string => time.toISOString().slice(0, 10);

/** Whether there is something to do about it now. */
export const isDue = ({ state }: ScannerRun, now: Date): boolean =>
  !isEnded(state) && (state.kind !== 'waiting' || new Date(state.notBefore) <= now);
