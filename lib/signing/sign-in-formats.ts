import type { SigningOptions } from './create-signature.ts';
import {
  type EnvelopeService,
  type SignImageOutcome,
  type SignImagePorts,
  type SignImageRequest,
  signByService,
  signImage,
} from './sign-image.ts';

/**
 * Signs an image in each of the formats, one after the other, each once. All are there before anyone is told of the
 * first: what follows a signature, such as the copying to replicas, then finds every one.
 *
 * @param formats the one that events tell of first; cosign's bundle when there is none
 * @param services that sign it, too, with keys of their own
 * @returns the outcome of the first; `image-gone` too where the image was deleted between two of them
 * @throws LadingError as `signImage`; a format that cannot be made keeps the image from counting as signed
 */
export async function signInFormats(
  ports: SignImagePorts,
  request: Omit<SignImageRequest, 'options'>,
  [first = {}, ...others]: readonly SigningOptions[],
  services: readonly EnvelopeService[] = [],
): Promise<SignImageOutcome> {
  const primary = await signImage(ports, { ...request, options: first });
  if (primary.kind !== 'signed') return primary;
  for (const options of others) {
    const further = await signImage(ports, { ...request, options });
    if (further.kind !== 'signed') return further;
  }
  for (const service of services) {
    const further = await signByService(ports, request, service);
    if (further.kind !== 'signed') return further;
  }
  return primary;
}
