import { parseVerificationKey, type VerificationKey } from '../signing/index.ts';
import type { KeyRecord } from './model.ts';

/** The keys of the register that are not revoked: those whose verdicts count. */
export const trustedKeys = (records: readonly KeyRecord[]): readonly VerificationKey[] =>
  records.filter(({ revoked }) => revoked === undefined).map(({ pem }) => parseVerificationKey(pem));
