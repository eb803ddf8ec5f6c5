import type { Digest } from '../core/digest.ts';
import { type VerificationKey, verifyBundle } from '../signing/index.ts';
import { type familyOf, missingFamilies } from './algorithm-use.ts';
import type { AlgorithmUse } from './config.ts';
import { predicateTypes, type StandingVerdict } from './model.ts';
import { readSummary, type VerdictSummary } from './read-summary.ts';

/** Why an image may not run. */
export type DistrustReason =
  /** Nothing is known of it. */
  | 'no-verdict'
  /** It could not be renewed. */
  | 'verdict-lapsed'
  /** It was good until then and nobody renewed it. */
  | 'verdict-expired'
  /** The gate said no. */
  | 'gate-refused'
  /** Signed by no key that is trusted now, not about this image, or not to be read. */
  | 'verdict-unproven'
  /** Proven, but not by every family of algorithms that the rule of today asks for. */
  | 'algorithm-missing';

export type TrustDecision =
  | { readonly kind: 'trusted'; readonly keyIds: readonly string[]; readonly validUntil: string }
  | { readonly kind: 'distrusted'; readonly reason: DistrustReason; readonly detail: string };

export interface CheckOptions {
  /** Keys that are trusted to sign verdicts: those revoked are not among them. */
  readonly keys: readonly VerificationKey[];
  readonly verifier: string;
  readonly use: AlgorithmUse;
  readonly now: Date;
}

/**
 * Whether the verdict lets exactly this digest run now. Pure: signature, subject, result and time are all taken out of
 * the signed bytes, and nothing of the record around them is believed.
 */
export function checkVerdict(
  digest: Digest,
  verdict: Pick<StandingVerdict, 'state' | 'validUntil' | 'statements'> | undefined,
  options: CheckOptions,
): TrustDecision {
  const no = (reason: DistrustReason, detail: string): TrustDecision => ({ kind: 'distrusted', reason, detail });
  if (verdict === undefined) return no('no-verdict', 'Lading has no verdict on it');
  if (verdict.state === 'lapsed') return no('verdict-lapsed', `its verdict lapsed on ${verdict.validUntil}`);
  const proven = verdict.statements.flatMap((statement) => prove(digest, statement, options));
  const [first] = proven;
  if (first === undefined) {
    return no('verdict-unproven', 'its verdict is not signed by a key that is trusted, or is about something else');
  }
  // Whatever says no counts: a verdict that two keys tell differently is not one to run by.
  const refused = proven.find(({ summary }) => summary.result !== 'PASSED' || summary.decision !== 'allow');
  if (refused) return no('gate-refused', `the gate decided "${refused.summary.decision}"`);
  const current = proven.filter(({ summary }) => new Date(summary.validUntil) > options.now);
  if (current.length === 0) return no('verdict-expired', `its verdict held until ${first.summary.validUntil}`);
  const missing = missingFamilies(
    options.use,
    current.map(({ algorithm }) => algorithm),
  );
  if (missing.length > 0) {
    return no('algorithm-missing', `its verdict lacks a ${missing.map(nameOf).join(' and a ')} signature`);
  }
  const ends = current.map(({ summary }) => summary.validUntil).toSorted((a, b) => Date.parse(a) - Date.parse(b));
  return {
    kind: 'trusted',
    keyIds: current.map(({ keyId }) => keyId),
    validUntil: ends[0] ?? first.summary.validUntil,
  };
}

interface Proven {
  readonly keyId: string;
  readonly algorithm: string;
  readonly summary: VerdictSummary;
}

function prove(
  digest: Digest,
  { bundle, algorithm }: StandingVerdict['statements'][number],
  { keys, verifier }: CheckOptions,
): readonly Proven[] {
  const checked = verifyBundle(bundle, keys, digest, predicateTypes.verdict);
  if (checked.kind !== 'valid') return [];
  const summary = readSummary(checked.statement.predicate);
  // SLSA v1.0, "verifier": consumers accept specific pairs of signer and verifier only.
  if (summary === undefined || summary.verifier !== verifier) return [];
  return [{ keyId: checked.keyId, algorithm, summary }];
}

const nameOf = (family: ReturnType<typeof familyOf>): string => (family === 'pq' ? 'post-quantum' : 'classic');
