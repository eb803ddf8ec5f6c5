import { parseVerificationKey, type TrustMaterial } from '../signing/index.ts';
import type { SbomsConfig } from './config.ts';

/** Whose signatures make an SBOM a verified one. @throws LadingError `key-unusable` */
export const toTrust = ({ trustedKeys }: Pick<SbomsConfig, 'trustedKeys'>): TrustMaterial => ({
  keys: trustedKeys.map(({ name, pem }) => ({ name, key: parseVerificationKey(pem) })),
});
