import { kmsClient } from '../../lib/aws/clients.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { dynamoKeys } from '../../lib/keys/adapters/dynamo-keys.ts';
import { type KeyPurpose, registeredSigner } from '../../lib/keys/index.ts';
import { kmsSigner } from '../../lib/signing/adapters/kms-signer.ts';
import type { Signer } from '../../lib/signing/index.ts';
import { once } from './once.ts';
import { postQuantumKeyId, signingKeyId, table } from './wiring.ts';

export interface PurposedSigner {
  readonly purpose: KeyPurpose;
  /** The key's ARN. */
  readonly resource: string;
  readonly signer: Signer;
}

/** The keys that the configuration has, the classic one first. Each enters the register before it first signs. */
export const signers = once((): readonly PurposedSigner[] => {
  const register = dynamoKeys(table('signatures'));
  const open = (purpose: KeyPurpose, resource: string): PurposedSigner => ({
    purpose,
    resource,
    signer: registeredSigner(kmsSigner(kmsClient(), resource), { purpose, resource }, { register, clock: systemClock }),
  });
  const postQuantum = postQuantumKeyId();
  return [open('signing', signingKeyId()), ...(postQuantum === undefined ? [] : [open('post-quantum', postQuantum)])];
});
