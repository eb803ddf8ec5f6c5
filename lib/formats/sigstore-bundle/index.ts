import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import { type DsseEnvelope, dsseEnvelopeSchema, encodeDsseEnvelope, toEnvelope } from '../dsse/index.ts';

/** Media type of the bundle, artifact type and layer type of its manifest (cosign, specs/BUNDLE_SPEC.md). */
export const SIGSTORE_BUNDLE_V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** Versions that differ in their transparency-log entries only, which key-signed bundles do not have. */
const READABLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json;version=0\.[123]|\.v0\.3\+json)$/;

/** Largest bundle that is read, in bytes. */
export const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;

export type VerificationMaterial =
  | { readonly kind: 'public-key'; readonly hint: string }
  /** Signed with a short-lived certificate ("keyless"). */
  | { readonly kind: 'certificate' };

export type BundleContent =
  | { readonly kind: 'dsse'; readonly envelope: DsseEnvelope }
  /** A signature over the artifact itself. */
  | { readonly kind: 'message-signature' };

/** Sigstore protobuf-specs, `sigstore_bundle.proto`, as far as key-signed bundles need it. */
export interface SigstoreBundle {
  readonly mediaType: string;
  readonly material: VerificationMaterial;
  readonly content: BundleContent;
}

const bundleSchema = z.object({
  mediaType: z.string().regex(READABLE),
  verificationMaterial: z.object({
    publicKey: z.object({ hint: z.string().max(1024).default('') }).nullish(),
    certificate: z.unknown().optional(),
    x509CertificateChain: z.unknown().optional(),
  }),
  dsseEnvelope: dsseEnvelopeSchema.nullish(),
  messageSignature: z.unknown().optional(),
});

/** @throws LadingError `bundle-invalid` */
export function parseSigstoreBundle(bytes: Uint8Array): SigstoreBundle {
  let value: unknown;
  try {
    value = parseJsonStrict(bytes, { maxBytes: MAX_BUNDLE_BYTES, what: 'the Sigstore bundle' });
  } catch (cause) {
    throw new LadingError('bundle-invalid', cause instanceof Error ? cause.message : 'unreadable', { cause });
  }
  const parsed = bundleSchema.safeParse(value);
  if (!parsed.success) {
    throw new LadingError('bundle-invalid', `not a Sigstore bundle: ${z.prettifyError(parsed.error)}`);
  }
  const { mediaType, verificationMaterial, dsseEnvelope, messageSignature } = parsed.data;
  return {
    mediaType,
    material: readMaterial(verificationMaterial),
    content: readContent(dsseEnvelope, messageSignature),
  };
}

function readMaterial(material: z.infer<typeof bundleSchema>['verificationMaterial']): VerificationMaterial {
  const hasCertificate = material.certificate != null || material.x509CertificateChain != null;
  if (material.publicKey != null && !hasCertificate) return { kind: 'public-key', hint: material.publicKey.hint };
  if (material.publicKey == null && hasCertificate) return { kind: 'certificate' };
  throw new LadingError('bundle-invalid', 'a Sigstore bundle must name either a public key or a certificate');
}

function readContent(envelope: z.infer<typeof dsseEnvelopeSchema> | null | undefined, message: unknown): BundleContent {
  if (envelope != null && message == null) {
    // sigstore_bundle.proto: "the DSSE envelope must contain exactly one signature".
    if (envelope.signatures.length === 1) return { kind: 'dsse', envelope: toEnvelope(envelope) };
    throw new LadingError('bundle-invalid', 'the envelope of a Sigstore bundle must have exactly one signature');
  }
  if (envelope == null && message != null) return { kind: 'message-signature' };
  throw new LadingError('bundle-invalid', 'a Sigstore bundle must hold either an envelope or a message signature');
}

/** A bundle for a signature made with a key: equal input is equal bytes. */
export function encodeKeyBundle(input: { readonly hint: string; readonly envelope: DsseEnvelope }): Uint8Array {
  return new TextEncoder().encode(
    canonicalJson({
      mediaType: SIGSTORE_BUNDLE_V03,
      verificationMaterial: { publicKey: { hint: input.hint } },
      dsseEnvelope: encodeDsseEnvelope(input.envelope),
    }),
  );
}
