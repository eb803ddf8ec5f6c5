import type { Digest } from '../../core/digest.ts';
import type { Json } from '../../core/json.ts';
import type { Statement } from '../../formats/intoto/index.ts';
import type { Certificate } from '../../formats/x509/index.ts';
import type { VerificationKey } from '../keys.ts';
import type { SignatureAlgorithm, SignatureFormat } from '../model.ts';
import type { NotationPolicy } from './notation-policy.ts';

/** The image whose manifest was fetched and hashed: what every proof is held against. */
export interface FetchedImage {
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the manifest. */
  readonly size: number;
}

/** Something that lies beside an image and may be a proof about it: fetched and hashed, and not yet believed. */
export interface FetchedArtifact {
  /** Of the manifest that holds it. */
  readonly manifest: Digest;
  readonly format: SignatureFormat;
  /** Of an entry under a tag: whether it was found with the signatures or the attestations. */
  readonly purpose?: 'signature' | 'attestation';
  /** Bundle, envelope, or what the signature in `annotations` is of. */
  readonly content: Uint8Array;
  /** Of the layer, for entries under a tag; of the manifest, else. */
  readonly annotations: ReadonlyMap<string, string>;
}

/** Everything that was fetched for one image. */
export interface FetchedMaterial {
  readonly image: FetchedImage;
  readonly artifacts: readonly FetchedArtifact[];
  /** What lies there and is not what its descriptors promise. */
  readonly unreadable: readonly Rejection[];
  /** False where there is more than was fetched: then "no proof was found" is no finding, and a refusal. */
  readonly complete: boolean;
}

/** Why one artifact proves nothing. */
export type RejectionReason =
  /** Its manifest or content is not what the descriptors promise, or the registry no longer holds it. */
  | 'unreadable'
  /** Over 4 MiB; it was not looked at. */
  | 'too-large'
  /** Not a bundle or envelope of its format, or one that contradicts itself. */
  | 'malformed'
  /** The envelope is of another type than its format allows: a payload meant for something else. */
  | 'payload-type-differs'
  /** Signed, but what was signed cannot be read: parse failure is failure. */
  | 'statement-unreadable'
  /** A true signature of another image: someone moved it here. */
  | 'subject-differs'
  /** None of the trusted keys made it. */
  | 'signature-invalid'
  /** A trusted key made it with an algorithm that it is not trusted for. */
  | 'algorithm-not-allowed'
  | 'key-expired'
  | 'key-not-yet-valid'
  | 'key-revoked'
  /** Signed with a certificate, and no root was given to hold it against. */
  | 'no-trust-root'
  /** The certificate does not lead to a trusted root. */
  | 'chain-untrusted'
  /** A certificate of the chain may not be used for this: key usage, extended key usage, constraints, key size. */
  | 'chain-usage'
  | 'certificate-expired'
  | 'certificate-revoked'
  /** The certificate is good, and names someone who is not trusted. */
  | 'identity-differs'
  | 'signature-expired'
  | 'timestamp-invalid'
  /** The transparency log's word is missing or does not hold. */
  | 'log-invalid'
  /** Notary Project: the trust policy says nothing of this image, or skips it. */
  | 'no-trust-policy'
  /** A critical attribute that this code does not know: it must not be overlooked. */
  | 'critical-unknown'
  /** The signer wants a verification plugin, or a release of it, whose checks this code does not know. */
  | 'plugin-unsupported'
  /** The service that signed says that the signing profile or job is revoked. */
  | 'signature-revoked'
  /** Whether it is revoked could not be found out, and the trust policy wants to know. */
  | 'revocation-unknown';

export interface Rejection {
  readonly manifest: Digest;
  readonly format?: SignatureFormat;
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** Who signed, as far as the trust material says. */
export type SignerIdentity =
  | { readonly kind: 'key'; readonly name: string; readonly keyId: string }
  | {
      readonly kind: 'certificate';
      /** Of the trust store or the trusted identity. */
      readonly name: string;
      readonly keyId: string;
      readonly subject: string;
      readonly issuer: string;
      /** ARN of the profile of AWS Signer that signed: its certificates are the same for all who use it. */
      readonly profile?: string;
    };

/** A true statement about this very image by someone who is trusted. */
export interface Proof {
  readonly manifest: Digest;
  readonly format: SignatureFormat;
  readonly signer: SignerIdentity;
  readonly algorithm: SignatureAlgorithm;
  /** cosign's and Notary Project's signatures say "this image"; all else is an attestation. */
  readonly kind: 'signature' | 'attestation';
  /** Of attestations. */
  readonly statement?: Statement;
  /** ISO 8601, where a timestamp or a log proves it. */
  readonly signedAt?: string;
  /** What would have been a refusal where the trust policy only audits. */
  readonly warnings: readonly string[];
}

/** Checks what was signed with a short-lived certificate. An adapter, because it takes a library to do. */
export interface KeylessVerifier {
  /** Certificate, transparency log and timestamps of a Sigstore bundle. Pure: it asks nobody. */
  check(bundle: Uint8Array): KeylessVerdict;
}

export type KeylessVerdict =
  | {
      readonly kind: 'valid';
      /** The subject alternative name: an address of e-mail or of a workflow. */
      readonly identity: string;
      /** Who vouched for the identity (OIDC issuer). */
      readonly issuer: string;
      readonly algorithm: SignatureAlgorithm;
      readonly keyId: string;
      readonly signedAt: Date;
    }
  | { readonly kind: 'invalid'; readonly reason: RejectionReason; readonly detail: string };

/** What a signature by AWS Signer rests on. */
export interface RevocationQuestion {
  /** ARN. */
  readonly profileVersion: string;
  /** ARN. */
  readonly job: string;
  /** ISO 8601, as the service wrote it. */
  readonly signedAt: string;
  /** Of each certificate, the signing one first: SHA-384 of its signed part and of its issuer's, in hex, side by side. */
  readonly certificates: readonly string[];
}

export type RevocationAnswer =
  | { readonly kind: 'good' }
  /** ARNs of profiles and jobs, hashes of certificates. */
  | { readonly kind: 'revoked'; readonly entities: readonly string[] }
  | { readonly kind: 'unknown'; readonly detail: string };

/** Someone who signs with short-lived certificates. */
export interface TrustedIdentity {
  /** As requirements name it. */
  readonly name: string;
  /** Exact, or a glob: `*` for any characters but a slash, `**` for any. */
  readonly identity: string;
  readonly issuer: string;
}

/** Whom to trust: all that verification goes by besides what was fetched. */
export interface TrustMaterial {
  readonly keys: readonly TrustedKey[];
  /** For signatures of Notary Project. */
  readonly notation?: {
    readonly policy: NotationPolicy;
    /** By type and name, as the policy names them: `ca:example`. */
    readonly stores: ReadonlyMap<string, readonly Certificate[]>;
  };
  readonly keyless?: { readonly verifier: KeylessVerifier; readonly identities: readonly TrustedIdentity[] };
  /** Roots of those who are believed when it comes to time, for signatures with keys. */
  readonly timestampAuthorities?: readonly Certificate[];
  /** SHA-256 of the DER of certificates that no longer count, in hex. */
  readonly revokedCertificates?: ReadonlySet<string>;
  /** What services answered about their signatures; see `askRevocations`. */
  readonly revocations?: ReadonlyMap<string, RevocationAnswer>;
}

/** A proof, before it is said where it lay. */
export type UnplacedProof = Omit<Proof, 'manifest' | 'format'>;

/** What one artifact proves. */
export type ArtifactVerdict =
  | { readonly kind: 'proven'; readonly proofs: readonly UnplacedProof[] }
  | { readonly kind: 'rejected'; readonly reason: RejectionReason; readonly detail: string };

/** A key that is trusted, and for how long. The times are held against the proven time of signing, else against now. */
export interface TrustedKey {
  /** As requirements name it. */
  readonly name: string;
  readonly key: VerificationKey;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Of those that the key can be used with; all when absent. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** Whatever it signed, and whenever: nothing counts. */
  readonly revoked?: { readonly reason: string };
}

/** One test of a predicate: `path` is a JSON pointer (RFC 6901). A member that is not there passes no test. */
export type Condition =
  | { readonly path: string; readonly equals: Json }
  | { readonly path: string; readonly oneOf: readonly Json[] }
  /** A number. */
  | { readonly path: string; readonly atMost: number }
  | { readonly path: string; readonly atLeast: number }
  /** A time (RFC 3339) that has not come yet, such as `validUntil`. */
  | { readonly path: string; readonly inFuture: true }
  /** A time that is at most so many seconds ago. */
  | { readonly path: string; readonly withinSeconds: number };

/** What must hold for the image to be trusted: so many different signers who say so. */
export interface Requirement {
  readonly name: string;
  readonly kind: 'signature' | 'attestation';
  /** Of an attestation. */
  readonly predicateType?: string;
  /** Names of trusted keys, stores or identities; all when absent. */
  readonly by?: readonly string[];
  /** Different signers that are needed. */
  readonly threshold: number;
  readonly formats?: readonly SignatureFormat[];
  readonly algorithms?: readonly SignatureAlgorithm[];
  readonly conditions?: readonly Condition[];
}

/** Why one requirement is not met. */
export type UnmetReason =
  | 'no-proof'
  /** There are proofs, by fewer signers than are needed. */
  | 'threshold-not-met'
  /** There are proofs, made with algorithms that do not do. */
  | 'algorithm-not-allowed'
  /** There is an attestation, and its predicate does not say what is asked. */
  | 'condition-not-met'
  /** There is more beside the image than was examined, and what was examined does not do. */
  | 'limit-exceeded';

export interface RequirementResult {
  readonly name: string;
  readonly met: boolean;
  /** Names of the different signers that count. */
  readonly signers: readonly string[];
  readonly needed: number;
  /** Met without proof, because the trust policy of Notary Project says to skip this image. */
  readonly skippedBy?: string;
  readonly unmet?: { readonly reason: UnmetReason; readonly detail: string };
}

export interface VerificationResult {
  /** Every requirement is met, and there is at least one. */
  readonly trusted: boolean;
  readonly requirements: readonly RequirementResult[];
  readonly proofs: readonly Proof[];
  /** What lies beside the image and proves nothing. It neither helps nor harms. */
  readonly rejections: readonly Rejection[];
}
