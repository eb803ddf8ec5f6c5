import { z } from 'zod';
import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { digestSchema, subjectSchema } from '../events/index.ts';
import { type SignatureAlgorithm, signatureAlgorithms } from '../signing/index.ts';
import type { StatementKind } from './config.ts';

/**
 * Predicate types, as their owners write them: CycloneDX and SPDX as cosign does (`cosign attest --type`), in-toto's
 * own from in-toto/attestation, spec/predicates, OpenVEX from its attesting guide, SLSA from slsa.dev.
 */
export const predicateTypes = {
  cyclonedx: 'https://cyclonedx.org/bom',
  spdx: 'https://spdx.dev/Document',
  vulnerabilities: 'https://in-toto.io/attestation/vulns/v0.2',
  vex: 'https://openvex.dev/ns',
  tests: 'https://in-toto.io/attestation/test-result/v0.1',
  provenance: 'https://slsa.dev/provenance/v1',
  verdict: 'https://slsa.dev/verification_summary/v1',
} as const satisfies Record<StatementKind, string>;

/** Something to say of an image, before it is signed. Equal version is equal meaning: it is said once per key. */
export interface StatementDraft {
  readonly predicateType: string;
  /** What it depends on besides the image: digest of the SBOM, of the scan, of the verdict's inputs and time. */
  readonly version: string;
  readonly predicate: unknown;
}

/** What a signed statement is found by. */
export interface StatementKey {
  readonly subject: ImageLocation;
  readonly predicateType: string;
  readonly version: string;
  readonly keyId: string;
}

/** A signed statement exactly as it is (to be) pushed. */
export interface SignedStatement extends StatementKey {
  readonly algorithm: SignatureAlgorithm;
  /** ISO 8601 */
  readonly createdAt: string;
  /** Sigstore bundle v0.3, the only layer of the manifest. */
  readonly bundle: Uint8Array;
  readonly manifest: Uint8Array;
  readonly manifestMediaType: string;
  readonly manifestDigest: Digest;
}

const bytes = z.instanceof(Uint8Array).transform((given) => new Uint8Array(given));

/** The verdict that stands for an image: what admission looks up, and what is renewed. */
export const standingVerdictSchema = z.object({
  subject: subjectSchema,
  /** `lapsed`: it could not be renewed; nothing in it counts any more. */
  state: z.enum(['standing', 'lapsed']),
  decision: z.enum(['allow', 'deny', 'quarantine']),
  policy: z.object({ name: z.string(), digest: digestSchema }),
  inputs: digestSchema,
  scan: digestSchema,
  snapshot: z.string().optional(),
  /** Of the first statement's manifest: how events name the verdict. */
  digest: digestSchema,
  /** The scan that it was made on was told of then: of two verdicts the later scan's stands. */
  asOf: z.iso.datetime(),
  verifiedAt: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  /** Everything that was attached with it: what the next verdict takes the place of. */
  attached: z.array(z.object({ predicateType: z.string(), digest: digestSchema })),
  /** The signed summaries themselves, one for each key. */
  statements: z.array(
    z.object({
      digest: digestSchema,
      keyId: z.string(),
      algorithm: z.enum(signatureAlgorithms),
      bundle: bytes,
    }),
  ),
});
export type StandingVerdict = Readonly<z.infer<typeof standingVerdictSchema>>;

/** One signature or statement by one key on one image: the row of the inventory of cryptography. */
export const cryptoEntrySchema = z.object({
  subject: subjectSchema,
  keyId: z.string(),
  algorithm: z.string(),
  /** Digest of the signature's manifest. */
  signature: digestSchema,
  notedAt: z.iso.datetime(),
});
export type CryptoEntry = Readonly<z.infer<typeof cryptoEntrySchema>>;

/** Provenance, test results or VEX that CI or a builder gave us, checked, and waiting to be said under our key. */
export const materialSchema = z.object({
  subject: z.object({ registry: z.string(), repository: z.string(), digest: digestSchema }),
  kind: z.enum(['provenance', 'tests', 'vex']),
  document: z.object({ key: z.string(), digest: digestSchema }),
  /** Who vouches for it, in a word for people. */
  source: z.string(),
  receivedAt: z.iso.datetime(),
});
export type Material = Readonly<z.infer<typeof materialSchema>>;
