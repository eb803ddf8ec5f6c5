import { algorithmUseAt, type RequiredKey, signersFor, trustConfigSchema } from '../../lib/attestation/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { once } from './once.ts';
import { type PurposedSigner, signers } from './signers.ts';
import { setting } from './wiring.ts';

export const trust = once(() => setting('trust', trustConfigSchema));

/** Whose signature is made first: the classic key's, unless the rule of today asks for post-quantum alone. */
export function firstSigner(): PurposedSigner {
  const all = signers();
  const purpose = algorithmUseAt(trust(), systemClock.now()) === 'pq' ? 'post-quantum' : 'signing';
  const found = all.find((one) => one.purpose === purpose) ?? all[0];
  if (found === undefined) throw new LadingError('key-missing', 'there is no key to sign with');
  return found;
}

/** The keys that sign today, by the rule on algorithms. */
export async function requiredKeys(): Promise<readonly RequiredKey[]> {
  const all = signers().map(({ signer }) => signer);
  const chosen = await signersFor(all, trust(), systemClock.now());
  return Promise.all(
    chosen.map(async (signer) => {
      const { hint: keyId, algorithm } = await signer.publicKey();
      return { keyId, algorithm };
    }),
  );
}
