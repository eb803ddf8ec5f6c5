import { z } from 'zod';
import { isLadingError } from '../core/errors.ts';
import { checkChain, parseCertificatePem } from '../formats/x509/index.ts';
import type { SigningOptions } from './create-signature.ts';
import { FORBIDDEN_PURPOSES, notationAlgorithmOf } from './formats/notation.ts';
import { type SignatureAlgorithm, type SignatureFormat, signatureFormats } from './model.ts';
import type { Timestamper } from './ports.ts';
import { isProfileArn, PROFILE_ARN } from './verify/profile-arn.ts';

export { enforcementFault, readNotationTrust } from './verify/notation-trust.ts';

const isNotation = (format: SignatureFormat): boolean => format === 'notation-jws' || format === 'notation-cose';

/** Members of the setting `trust` that say in which formats images are signed. */
export const signingSettings = {
  /** `cosign-bundle` comes first: it is the signature that events and the catalogue tell of. */
  signatures: z
    .array(z.enum(signatureFormats))
    .min(1)
    .max(signatureFormats.length)
    .refine(([first]) => first === 'cosign-bundle', 'cosign-bundle comes first, and is always made')
    .refine((formats) => new Set(formats).size === formats.length, 'a format is named twice')
    .default(['cosign-bundle']),
  /** For Notary Project's formats, PEM: the certificate of the signing key first, its root last. Public. */
  certificates: z.string().max(16_384).optional(),
  /**
   * ARN of a profile of AWS Signer, which signs each image as well, in the format notation-jws: with certificates and a
   * list of what it revoked of its own.
   */
  profile: z
    .string()
    .refine(
      (text) => PROFILE_ARN.exec(text)?.[2] === undefined && isProfileArn(text),
      'not the ARN of a signing profile',
    )
    .optional(),
  /** A timestamp authority (RFC 3161), which is asked for each signature that is made: it then holds for longer than its certificate. */
  timestamps: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }),
      /** Plain http: what such authorities answer is signed, but who listens learns that something was. */
      allowInsecure: z.boolean().default(false),
      /** Addresses inside the network. */
      allowPrivate: z.boolean().default(false),
    })
    .refine(({ url, allowInsecure }) => allowInsecure || url.startsWith('https:'), 'not an https address')
    .optional(),
};

/** What the function that signs reads of the setting `trust`. */
export const signingConfigSchema = z.strictObject(signingSettings);
export type SigningConfig = Readonly<z.infer<typeof signingConfigSchema>>;

/**
 * What keeps the key from signing in the formats that are asked for, before any image is pushed. Whether the first
 * certificate is that of the very key is only known where the key is; see `createSignature`.
 *
 * @param algorithm of the key that signs
 */
export function chainFault(
  { signatures, certificates }: SigningConfig,
  algorithm: SignatureAlgorithm,
): string | undefined {
  const format = signatures.find(isNotation);
  if (certificates === undefined) {
    return format && `${format} needs the certificates of the signing key, the root last`;
  }
  try {
    const chain = parseCertificatePem(certificates);
    const [leaf] = chain;
    const broken = checkChain(chain, { purposes: { forbidden: FORBIDDEN_PURPOSES } });
    if (broken !== undefined) return broken.detail;
    const found = leaf && notationAlgorithmOf(leaf.publicKey);
    if (found === algorithm) return undefined;
    return `the first certificate is for ${found ?? 'no algorithm of Notary Project'}, and the key signs with ${algorithm}`;
  } catch (error) {
    if (isLadingError(error)) return error.message;
    throw error;
  }
}

/**
 * One for each format, in their order; cosign's tags know no timestamps.
 *
 * @throws LadingError `certificate-invalid`
 */
export function signingOptionsOf(
  { signatures, certificates }: SigningConfig,
  timestamper?: Timestamper,
): readonly SigningOptions[] {
  const chain = certificates === undefined ? undefined : parseCertificatePem(certificates).map(({ der }) => der);
  return signatures.map((format) => ({
    format,
    ...(isNotation(format) ? { certificates: chain } : {}),
    ...(timestamper === undefined || format === 'cosign-tag' ? {} : { timestamper }),
  }));
}
