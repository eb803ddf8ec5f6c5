import { createHash } from 'node:crypto';
import { childrenOf, DER, readDer } from '../../formats/der/index.ts';
import type { Certificate } from '../../formats/x509/index.ts';
import type { NotationEnvelope } from '../formats/notation.ts';
import type { RejectionReason, RevocationAnswer, RevocationQuestion } from './model.ts';
import { PROFILE_ARN } from './profile-arn.ts';

/**
 * What AWS Signer's plugin for notation checks of signatures that name it, done here: its signatures carry critical
 * attributes that only it understands (aws-signer-notation-plugin, "internal/verifier"; Notary Project,
 * specs/plugin-extensibility.md, "Verification extensibility").
 */
const PLUGIN = 'com.amazonaws.signer.notation.plugin';
const PROFILE_VERSION = 'com.amazonaws.signer.signingProfileVersion';
const JOB = 'com.amazonaws.signer.signingJob';

/** The release of the plugin whose checks these are. A signature that wants a later one wants checks unknown here. */
const VERSION = [1, 0, 350] as const;

const JOB_ARN = /^arn:aws[a-z-]*:signer:[a-z0-9-]{1,40}:\d{12}:\/signing-jobs\/[A-Za-z0-9-]{1,64}$/;

interface Fault {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** Who signed, and in which job, as AWS Signer wrote it into what it signed. */
export interface SigningProfile {
  /** Without its version. */
  readonly profile: string;
  readonly profileVersion: string;
  readonly job: string;
}

/**
 * Reads what the signer wants understood beyond Notary Project's own attributes. `undefined`: nothing is. Whatever is
 * critical and not understood here is a fault, and never a matter of the trust policy.
 */
export function readSigningProfile(
  { plugin, extended, scheme }: NotationEnvelope,
  trustedIdentities: readonly string[],
): SigningProfile | undefined | Fault {
  const known = plugin?.name === PLUGIN ? [PROFILE_VERSION, JOB] : [];
  if (plugin !== undefined && (plugin.name !== PLUGIN || !reaches(plugin.minVersion))) {
    const wanted = `${plugin.name} ${plugin.minVersion ?? ''}`.trim().slice(0, 200);
    return { reason: 'plugin-unsupported', detail: `it wants to be verified with the plugin ${wanted}` };
  }
  const unknown = [...extended.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return { reason: 'critical-unknown', detail: `the attribute "${unknown.slice(0, 80)}"` };
  }
  if (plugin === undefined) return undefined;
  if (scheme !== 'notary.x509.signingAuthority') {
    return { reason: 'malformed', detail: `AWS Signer does not sign under the scheme ${scheme}` };
  }
  const profileVersion = extended.get(PROFILE_VERSION);
  const job = extended.get(JOB);
  const [, profile, version] = (typeof profileVersion === 'string' && PROFILE_ARN.exec(profileVersion)) || [];
  if (typeof profileVersion !== 'string' || profile === undefined || version === undefined) {
    return { reason: 'malformed', detail: 'it does not name the version of a signing profile' };
  }
  if (typeof job !== 'string' || !JOB_ARN.test(job)) {
    return { reason: 'malformed', detail: 'it does not name a signing job' };
  }
  // Everybody who has an account at AWS signs with the same root: "anyone" would be anyone indeed.
  if (trustedIdentities.includes('*')) {
    return {
      reason: 'identity-differs',
      detail: 'AWS Signer’s signatures need a signing profile that is trusted, not "*"',
    };
  }
  return { profile, profileVersion, job };
}

function reaches(wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  // A version of VERSION that is not released yet is an earlier one.
  const numbers = wanted.split(/[-+]/)[0]?.split('.').map(Number) ?? [];
  const at = VERSION.findIndex((number, i) => number !== numbers[i]);
  return at < 0 || (VERSION[at] ?? 0) > (numbers[at] ?? 0);
}

/** Trusted by its ARN: with the version only that one, without it every version. */
export const isTrustedProfile = (
  { profile, profileVersion }: SigningProfile,
  trustedIdentities: readonly string[],
): boolean => trustedIdentities.some((one) => one === profile || one === profileVersion);

/**
 * What is to be asked about a signature before it counts. A certificate is named by the hash of its signed part and of
 * that of its issuer; a root is its own issuer (AWS Signer API, "GetRevocationStatus").
 */
export function revocationQuestion(
  { profileVersion, job }: SigningProfile,
  chain: readonly Certificate[],
  signedAt: Date,
): RevocationQuestion {
  const hashes = chain.map(({ der }) => {
    const [signedPart] = childrenOf(readDer(der), DER.sequence);
    return createHash('sha384')
      .update(signedPart?.raw ?? new Uint8Array())
      .digest('hex');
  });
  const certificates = hashes.map((hash, i) => `${hash}${hashes[i + 1] ?? hash}`);
  return { profileVersion, job, signedAt: signedAt.toISOString(), certificates };
}

/** Equal for equal questions. */
export const questionKey = (question: RevocationQuestion): string => JSON.stringify(question);

/** `undefined` where nothing that the signature rests on is revoked. */
export function revocationFaultOf(answer: RevocationAnswer | undefined): Fault | undefined {
  switch (answer?.kind) {
    case 'good':
      return undefined;
    case 'revoked': {
      const named = answer.entities.find((entity) => entity.startsWith('arn:'));
      if (named === undefined) return { reason: 'certificate-revoked', detail: 'AWS Signer says so of a certificate' };
      return { reason: 'signature-revoked', detail: `AWS Signer says so of ${named.slice(0, 300)}` };
    }
    default:
      return { reason: 'revocation-unknown', detail: answer?.detail ?? 'AWS Signer was not asked' };
  }
}
