import { isLadingError } from '../core/errors.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import { createAttestation, type Signer } from '../signing/index.ts';
import { attestationError } from './errors.ts';
import type { SignedStatement, StatementDraft } from './model.ts';

/**
 * Signs a statement about an image as `cosign attest` does with a key; see `createAttestation`.
 *
 * @param image descriptor of the manifest that it is about, from its own bytes
 * @throws LadingError `signer-unavailable`, `key-unusable`, `statement-faulty`
 */
export async function signStatement(
  signer: Signer,
  subject: ImageLocation,
  image: Descriptor,
  { predicateType, version, predicate }: StatementDraft,
  now: Date,
): Promise<SignedStatement> {
  try {
    const { format: _bundle, ...made } = await createAttestation(
      signer,
      subject,
      image,
      { predicateType, predicate },
      now,
    );
    return { ...made, predicateType, version };
  } catch (cause) {
    if (!isLadingError(cause, 'signature-faulty')) throw cause;
    throw attestationError(
      'statement-faulty',
      `a ${predicateType} of ${image.digest} does not verify with its own key`,
      {
        cause,
      },
    );
  }
}
