import type { Clock } from '../core/clock.ts';
import { LadingError } from '../core/errors.ts';
import { draftEvent, type EventDraft, keyRevoked } from '../events/index.ts';
import type { KeyRegister } from './ports.ts';

/**
 * Takes a key out of trust, for good: from now on no verdict counts that it signed, whenever it did. Idempotent.
 *
 * @throws LadingError `key-unknown`
 */
export async function revokeKey(
  { register, clock }: { readonly register: Pick<KeyRegister, 'revoke'>; readonly clock: Clock },
  keyId: string,
  reason: string,
): Promise<EventDraft> {
  const record = await register.revoke(keyId, { at: clock.now().toISOString(), reason });
  if (record?.revoked === undefined) {
    throw new LadingError('key-unknown', `no key ${keyId} has signed anything here`, { hint: 'see lading key list' });
  }
  const { algorithm, revoked } = record;
  return draftEvent(keyRevoked, { keyId, algorithm, reason: revoked.reason, revokedAt: revoked.at });
}
