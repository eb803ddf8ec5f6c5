import type { Clock } from '../core/clock.ts';
import type { Signer } from '../signing/index.ts';
import type { KeyPurpose } from './model.ts';
import type { KeyRegister } from './ports.ts';

/** The signer, with its key entered in the register before it first signs: once per process. */
export function registeredSigner(
  signer: Signer,
  as: { readonly purpose: KeyPurpose; readonly resource: string },
  { register, clock }: { readonly register: Pick<KeyRegister, 'note'>; readonly clock: Clock },
): Signer {
  let noted: Promise<void> | undefined;
  const note = async (): Promise<void> => {
    const { hint: keyId, pem, algorithm } = await signer.publicKey();
    await register.note({ keyId, pem, algorithm, ...as, firstUsedAt: clock.now().toISOString() });
  };
  return {
    publicKey: () => signer.publicKey(),
    async sign(payload) {
      noted ??= note().catch((error: unknown) => {
        noted = undefined;
        throw error;
      });
      await noted;
      return signer.sign(payload);
    },
  };
}
