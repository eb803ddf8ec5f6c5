export { type SigningConfig, signingConfigSchema, signingOptionsOf } from './config.ts';
export { createAttestation, createSignature, type SigningOptions } from './create-signature.ts';
export { createEnvelopeSignature, type EnvelopeSigner } from './envelope-signature.ts';
export { type CertificateAuthority, createKeylessAttestation, type TransparencyLog } from './keyless.ts';
export { parseVerificationKey, type VerificationKey } from './keys.ts';
export {
  COSIGN_SIGN_PREDICATE,
  type PublicKey,
  type RecordedSignature,
  type SignatureAlgorithm,
  type SignatureFormat,
  signatureAlgorithms,
} from './model.ts';
export { openPrivateKey } from './open-private-key.ts';
export type { RevocationSource, SignatureStore, Signer, Timestamper } from './ports.ts';
export { pushConfiguration, pushRecorded } from './push-recorded.ts';
export {
  imageSignedDraft,
  type SignImageOutcome,
  type SignImagePorts,
  type SignImageRequest,
  signImage,
} from './sign-image.ts';
export { signInFormats } from './sign-in-formats.ts';
export { tagStatements } from './tag-statements.ts';
export { type MigrationRow, planMigration, targetDigest } from './trust-data/migration.ts';
export type { SeenVersions } from './trust-data/model.ts';
export { verifyTrustData } from './trust-data/verify-trust-data.ts';
export { usualAlgorithm } from './usual-algorithm.ts';
export { askRevocations } from './verify/ask-revocations.ts';
export { fetchMaterial, type SignatureReader } from './verify/fetch-material.ts';
export type * from './verify/model.ts';
export { parseNotationPolicy } from './verify/notation-policy.ts';
export { readNotationTrust } from './verify/notation-trust.ts';
export { type LoadedTrust, loadTrust } from './verify/trust-file.ts';
export { verify } from './verify/verify.ts';
export {
  type ImageVerdict,
  type RejectedSignature,
  verifyImage,
} from './verify-image.ts';
export { type BundleVerdict, type SignatureFault, verifyBundle } from './verify-signature.ts';
