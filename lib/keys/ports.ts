import type { KeyRecord } from './model.ts';

/** Every key that ever signed, with the list of those revoked. A key is added by whoever signs with it. */
export interface KeyRegister {
  /** Before the first use of a key. What is known of it stays: a revoked key does not come back by being used. */
  note(key: Omit<KeyRecord, 'revoked'>): Promise<void>;
  all(): Promise<readonly KeyRecord[]>;
  /** For good; the first revocation stays. `undefined`: no such key. */
  revoke(keyId: string, revocation: NonNullable<KeyRecord['revoked']>): Promise<KeyRecord | undefined>;
}
