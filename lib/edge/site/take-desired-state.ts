import { isLadingError } from '../../core/errors.ts';
import type { VerificationKey } from '../../signing/index.ts';
import type { DesiredState } from '../model.ts';
import { openDesiredState } from '../signed-documents.ts';
import type { SiteRecord } from './ports.ts';

export type StateRefusal =
  /** Not signed by a key that this site trusts, or not to be read. */
  | 'unproven'
  /** Of another site: signed, and not for this one. */
  | 'other-site'
  /** Older than what was seen. */
  | 'roll-back'
  /** Ended already when it came. */
  | 'expired';

export type TakenState =
  | { readonly kind: 'taken'; readonly state: DesiredState; readonly envelope: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: StateRefusal; readonly detail: string };

/** Whether an envelope is an order to this site, now. Pure: what it needs is passed in. */
export function takeDesiredState(
  envelope: Uint8Array,
  known: Pick<SiteRecord, 'generation'>,
  given: { readonly site: string; readonly keys: readonly VerificationKey[]; readonly now: Date },
): TakenState {
  const no = (reason: StateRefusal, detail: string): TakenState => ({ kind: 'refused', reason, detail });
  const state = read(envelope, given.keys);
  if (typeof state === 'string') return no('unproven', state);
  if (state.site !== given.site) return no('other-site', `it is for the site "${state.site}"`);
  if (state.generation < known.generation) {
    return no('roll-back', `it is generation ${state.generation}, and ${known.generation} was seen before`);
  }
  if (new Date(state.expiresAt) <= given.now) return no('expired', `it held until ${state.expiresAt}`);
  return { kind: 'taken', state, envelope };
}

function read(envelope: Uint8Array, keys: readonly VerificationKey[]): DesiredState | string {
  try {
    return openDesiredState(envelope, keys);
  } catch (error) {
    if (isLadingError(error)) return error.message;
    throw error;
  }
}
