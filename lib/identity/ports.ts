import type { JsonWebKey } from 'node:crypto';

/** The public keys of those who issue identity tokens (RFC 7517, "JWK Set"), by the id that a token's header names. */
export interface KeySets {
  /**
   * @param address of the set, as the configuration or the code names it: never one that a token names
   * @throws LadingError `issuer-unavailable` (retryable) where there are none, or none that are fresh enough to say "no"
   */
  find(address: string, keyId: string): Promise<JsonWebKey | undefined>;
}
