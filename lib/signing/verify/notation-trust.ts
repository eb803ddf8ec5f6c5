import { isLadingError } from '../../core/errors.ts';
import { parseCertificatePem } from '../../formats/x509/index.ts';
import { signingError } from '../errors.ts';
import type { TrustMaterial } from './model.ts';
import { actionsOf, namesProfiles, parseNotationPolicy } from './notation-policy.ts';

/** A trust policy of Notary Project with its stores, as one value of a configuration. */
export interface NotationTrustConfig {
  /** The trust policy document, version 1.0. */
  readonly trustPolicy: Readonly<Record<string, unknown>>;
  /** By type and name, such as `ca:example`: certificates, PEM. */
  readonly trustStores: Readonly<Record<string, readonly string[]>>;
}

/**
 * @returns the trust material, and whether AWS Signer may have to be asked about signatures
 * @throws LadingError `trust-invalid`, `certificate-invalid`
 */
export function readNotationTrust({ trustPolicy, trustStores }: NotationTrustConfig): {
  readonly trust: TrustMaterial;
  readonly asksSigner: boolean;
} {
  const policy = parseNotationPolicy(trustPolicy);
  const stores = new Map(Object.entries(trustStores).map(([name, pems]) => [name, pems.flatMap(parseCertificatePem)]));
  const missing = policy.trustPolicies.flatMap((one) => one.trustStores).find((name) => !stores.has(name));
  if (missing !== undefined) throw signingError('trust-invalid', `the trust store "${missing}" is not given`);
  return { trust: { keys: [], notation: { policy, stores } }, asksSigner: namesProfiles(policy) };
}

/**
 * What keeps such trust from deciding what may run. Levels that only log whose signature it is would let in everything
 * that somebody, anybody, signed.
 */
export function enforcementFault(config: NotationTrustConfig): string | undefined {
  try {
    const { trust } = readNotationTrust(config);
    const lax = trust.notation?.policy.trustPolicies.find((one) => actionsOf(one)?.authenticity !== 'enforce');
    return lax && `the statement "${lax.name}" does not enforce authenticity, and would let in what anybody signed`;
  } catch (error) {
    if (isLadingError(error)) return error.message;
    throw error;
  }
}
