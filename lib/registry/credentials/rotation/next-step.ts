import type { RotationConfig } from '../model.ts';
import type { Stage } from './ports.ts';
import type { StoredToken } from './stored-token.ts';

export interface RotationState {
  readonly versions: Readonly<Partial<Record<Stage, string>>>;
  readonly changedAt: Date;
  /** What the versions hold, where it can be read. */
  readonly current: StoredToken | undefined;
  readonly pending: StoredToken | undefined;
  readonly previous: StoredToken | undefined;
}

/** What is to be done next; each is safe to be done again. */
export type RotationStep =
  /** Nothing, until something is due. */
  | { readonly kind: 'rest' }
  /** The new token is in force: say so, and take it off the waiting list. */
  | { readonly kind: 'finish'; readonly version: string }
  /** Withdraw what was refused, and take it off the waiting list. */
  | { readonly kind: 'discard'; readonly version: string }
  /** Activate the pending token, try it, and put it in force or refuse it. */
  | { readonly kind: 'try'; readonly version: string; readonly token: StoredToken }
  /** The old token's time beside the new one is over. */
  | { readonly kind: 'withdraw'; readonly version: string; readonly token: StoredToken }
  | { readonly kind: 'mint' };

const DAY_MS = 86_400_000;
/**
 * Nothing is minted so soon after anything else was done, in milliseconds: longer than a function can run, so that no
 * run which still acts on what it read before can meet an account that was given a new token since.
 */
export const QUIET_MS = 15 * 60 * 1000;

/** Decides by what is written down, so that a run which broke off anywhere is taken up by the next. */
export function nextStep(state: RotationState, config: RotationConfig, now: Date): RotationStep {
  const { versions } = state;
  const { AWSCURRENT: current, AWSPENDING: pending, AWSPREVIOUS: previous } = versions;
  if (pending !== undefined && pending === current) return { kind: 'finish', version: pending };
  if (pending !== undefined) {
    const refused = versions['lading-refused'] === pending;
    // A pending version without a token of ours is none that could be tried, nor one to withdraw.
    return refused || state.pending?.id === undefined
      ? { kind: 'discard', version: pending }
      : { kind: 'try', version: pending, token: state.pending };
  }
  if (previous !== undefined) {
    const over = now.getTime() >= state.changedAt.getTime() + config.overlapHours * 3_600_000;
    if (!over) return { kind: 'rest' };
    const { previous: token } = state;
    if (token?.id !== undefined && isApart(token, state.current)) {
      return { kind: 'withdraw', version: previous, token };
    }
  }
  const quiet = now.getTime() - state.changedAt.getTime() >= QUIET_MS;
  return quiet && isDue(state.current, config, now) ? { kind: 'mint' } : { kind: 'rest' };
}

/** What is in force is never withdrawn, whichever version it stands in. */
const isApart = (old: StoredToken, current: StoredToken | undefined): boolean =>
  current !== undefined && old.id !== current.id && old.password !== current.password;

/** What a person put there is replaced at once: nobody knows how old it is, nor where else it is known. */
function isDue(current: StoredToken | undefined, { everyDays }: RotationConfig, now: Date): boolean {
  if (current?.issuedAt === undefined) return true;
  if (now.getTime() - current.issuedAt.getTime() >= everyDays * DAY_MS) return true;
  return current.expiresAt !== undefined && current.expiresAt.getTime() - now.getTime() <= DAY_MS;
}
