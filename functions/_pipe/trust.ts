import { type RequiredKey, signersFor, trustConfigSchema } from '../../lib/attestation/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { once } from './once.ts';
import { signers } from './signers.ts';
import { setting } from './wiring.ts';

export const trust = once(() => setting('trust', trustConfigSchema));

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
