import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import { decodeBase64, encodeBase64 } from '../base64.ts';
import { type DsseEnvelope, dsseEnvelopeSchema, encodeDsseEnvelope, toEnvelope } from '../dsse/index.ts';

/** Media type of the bundle, artifact type and layer type of its manifest (cosign, specs/BUNDLE_SPEC.md). */
export const SIGSTORE_BUNDLE_V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** Versions that differ in their transparency-log entries only, which key-signed bundles do not have. */
const READABLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json;version=0\.[123]|\.v0\.3\+json)$/;

/** Largest bundle that is read, in bytes. */
export const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;

export type VerificationMaterial =
  | { readonly kind: 'public-key'; readonly hint: string }
  /** Signed with a short-lived certificate ("keyless"): DER, the signing one first. */
  | { readonly kind: 'certificate'; readonly certificates: readonly Uint8Array[] };

export type BundleContent =
  | { readonly kind: 'dsse'; readonly envelope: DsseEnvelope }
  /** A signature over the artifact itself. */
  | { readonly kind: 'message-signature' };

/** Sigstore protobuf-specs, `sigstore_bundle.proto`, as far as key-signed bundles need it. */
export interface SigstoreBundle {
  readonly mediaType: string;
  readonly material: VerificationMaterial;
  readonly content: BundleContent;
  /** Answers of timestamp authorities (RFC 3161) about the signature. */
  readonly timestamps: readonly Uint8Array[];
}

const derSchema = z.object({ rawBytes: z.string() });
const MAX_CERTIFICATES = 10;
const MAX_TIMESTAMPS = 8;

const bundleSchema = z.object({
  mediaType: z.string().regex(READABLE),
  verificationMaterial: z.object({
    publicKey: z.object({ hint: z.string().max(1024).default('') }).nullish(),
    certificate: derSchema.nullish(),
    x509CertificateChain: z.object({ certificates: z.array(derSchema).min(1).max(MAX_CERTIFICATES) }).nullish(),
    timestampVerificationData: z
      .object({
        rfc3161Timestamps: z
          .array(z.object({ signedTimestamp: z.string() }))
          .max(MAX_TIMESTAMPS)
          .nullish(),
      })
      .nullish(),
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
    timestamps: (verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? []).map(({ signedTimestamp }) =>
      bytesOf(signedTimestamp),
    ),
  };
}

function bytesOf(text: string): Uint8Array {
  const bytes = decodeBase64(text);
  if (bytes !== undefined) return bytes;
  throw new LadingError('bundle-invalid', 'a certificate or timestamp is not base64');
}

function readMaterial(material: z.infer<typeof bundleSchema>['verificationMaterial']): VerificationMaterial {
  const given = material.certificate != null ? [material.certificate] : material.x509CertificateChain?.certificates;
  if (material.certificate != null && material.x509CertificateChain != null) {
    throw new LadingError('bundle-invalid', 'a Sigstore bundle has both a certificate and a chain');
  }
  if (material.publicKey != null && given === undefined) return { kind: 'public-key', hint: material.publicKey.hint };
  if (material.publicKey == null && given !== undefined) {
    return { kind: 'certificate', certificates: given.map(({ rawBytes }) => bytesOf(rawBytes)) };
  }
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

/** What a bundle is made of: equal input is equal bytes. */
export interface BundleInput {
  readonly envelope: DsseEnvelope;
  /** Who signed: a key by its hint, or a certificate (DER). */
  readonly signer: { readonly hint: string } | { readonly certificate: Uint8Array };
  /** Entries of a transparency log, as JSON of `sigstore_rekor.proto`. */
  readonly logEntries?: readonly unknown[];
  /** Answers of timestamp authorities (RFC 3161). */
  readonly timestamps?: readonly Uint8Array[];
}

export function encodeBundle({ envelope, signer, logEntries, timestamps = [] }: BundleInput): Uint8Array {
  const who =
    'hint' in signer
      ? { publicKey: { hint: signer.hint } }
      : { certificate: { rawBytes: encodeBase64(signer.certificate) } };
  const rfc3161Timestamps = timestamps.map((answer) => ({ signedTimestamp: encodeBase64(answer) }));
  return new TextEncoder().encode(
    canonicalJson({
      mediaType: SIGSTORE_BUNDLE_V03,
      verificationMaterial: {
        ...who,
        ...(logEntries === undefined ? {} : { tlogEntries: logEntries }),
        ...(timestamps.length === 0 ? {} : { timestampVerificationData: { rfc3161Timestamps } }),
      },
      dsseEnvelope: encodeDsseEnvelope(envelope),
    }),
  );
}

/** A bundle for a signature made with a key. */
export const encodeKeyBundle = (input: { readonly hint: string; readonly envelope: DsseEnvelope }): Uint8Array =>
  encodeBundle({ envelope: input.envelope, signer: { hint: input.hint } });
