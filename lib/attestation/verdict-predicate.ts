import { type Digest, digestAlgorithm, digestHex } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { Verdict } from '../policy/index.ts';

/**
 * What a verification summary does not have a member for. SLSA lets producers add members that are named by URIs
 * (SLSA v1.0, "Verification Summary Attestation", Parsing rules).
 */
export const VERDICT_EXTENSION = 'urn:lading:verdict:v1';

export interface SummaryInput {
  readonly subject: ImageLocation;
  readonly verdict: Verdict;
  readonly verifier: string;
  readonly verifiedAt: Date;
  readonly validUntil: Date;
  /** SLSA levels that the provenance was found to reach, for example `SLSA_BUILD_LEVEL_2`. */
  readonly levels: readonly string[];
  /** Whether who pushed the image is who built it; absent where nothing is known of how it was built. */
  readonly pushedByBuilder?: 'yes' | 'no' | 'unknown';
  /** Statements that were attached and used, by the digest of their bundle. */
  readonly attestations: readonly { readonly uri: string; readonly digest: Digest }[];
}

const digestSet = (digest: Digest): Record<string, string> => ({ [digestAlgorithm(digest)]: digestHex(digest) });

/** The gate's verdict as a SLSA Verification Summary v1. `PASSED` is `allow`; all else is `FAILED`. */
export function verdictPredicate(input: SummaryInput): unknown {
  const { subject, verdict, verifier, verifiedAt, validUntil, levels, pushedByBuilder, attestations } = input;
  const passed = verdict.decision === 'allow';
  return {
    verifier: { id: verifier, version: { lading: '1' } },
    timeVerified: verifiedAt.toISOString(),
    resourceUri: resourceUri(subject),
    policy: {
      uri: `urn:lading:policy:${encodeURIComponent(verdict.policy.name)}`,
      digest: digestSet(verdict.policy.digest),
    },
    ...(attestations.length === 0
      ? {}
      : { inputAttestations: attestations.map(({ uri, digest }) => ({ uri, digest: digestSet(digest) })) }),
    verificationResult: passed ? 'PASSED' : 'FAILED',
    verifiedLevels: passed ? (levels.length > 0 ? levels : ['SLSA_BUILD_LEVEL_0']) : ['FAILED'],
    slsaVersion: '1.0',
    [VERDICT_EXTENSION]: {
      decision: verdict.decision,
      reasons: verdict.reasons.slice(0, MOST_REASONS),
      validUntil: validUntil.toISOString(),
      inputs: verdict.inputs.digest,
      scan: verdict.scan,
      ...(pushedByBuilder === undefined ? {} : { pushedByBuilder }),
      ...(verdict.snapshot === undefined ? {} : { advisorySnapshot: verdict.snapshot }),
    },
  };
}

/** Reasons that are named in the summary; the recorded inputs have all. */
const MOST_REASONS = 25;

/** purl specification, type `oci`: the last part of the name, the digest as version, the rest as a qualifier. */
export function resourceUri({ registry, repository, digest }: ImageLocation): string {
  const name = repository.split('/').at(-1) ?? repository;
  const where = encodeURIComponent(`${registry}/${repository}`);
  return `pkg:oci/${encodeURIComponent(name)}@${encodeURIComponent(digest)}?repository_url=${where}`;
}
