import { type AlgorithmUse, checkVerdict, predicateTypes } from '../../attestation/index.ts';
import type { Clock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import type { GateAnswer, GatedImage, GateReader } from '../../mirror/index.ts';
import { type VerificationKey, verifyBundle } from '../../signing/index.ts';

/** Signed statements about an image, as they lie in the site's own registry. */
export interface LocalStatements {
  /** Sigstore bundles among the referrers; none that could not be read. */
  about(repository: string, digest: Digest): Promise<readonly Uint8Array[]>;
}

export interface VerdictGateOptions {
  readonly statements: LocalStatements;
  readonly keys: readonly VerificationKey[];
  /** Whose verdicts count (SLSA v1.0, "verifier"). */
  readonly verifier: string;
  readonly clock: Clock;
  /** Which families of algorithms must have vouched. @default classic */
  readonly use?: AlgorithmUse | undefined;
  /** Asked where no statement here says yes or no. */
  readonly otherwise?: GateReader | undefined;
}

/**
 * A gate that needs nobody: it believes verdicts that Lading signed and that lie beside the image. One that says no, by a
 * trusted key and still in force, is a no; one that has ended is none.
 */
export function verdictGate({
  statements,
  keys,
  verifier,
  clock,
  use = 'classic',
  otherwise,
}: VerdictGateOptions): GateReader {
  return {
    async decisionOn(image: GatedImage): Promise<GateAnswer> {
      const bundles = await statements.about(image.repository, image.digest);
      const proven = bundles.flatMap((bundle) => {
        const checked = verifyBundle(bundle, keys, image.digest, predicateTypes.verdict);
        const key = checked.kind === 'valid' ? keys.find(({ keyId }) => keyId === checked.keyId) : undefined;
        const algorithm = key?.algorithms[0];
        return key && algorithm
          ? [{ digest: image.digest, keyId: key.keyId, algorithm, bundle: new Uint8Array(bundle) }]
          : [];
      });
      if (proven.length > 0) {
        const verdict = { state: 'standing' as const, validUntil: '', statements: proven };
        const decision = checkVerdict(image.digest, verdict, { keys, verifier, use, now: clock.now() });
        if (decision.kind === 'trusted') return { decision: 'allow' };
        if (decision.reason === 'gate-refused') return { decision: 'deny', reasons: [decision.detail] };
      }
      return otherwise === undefined ? { decision: 'pending' } : otherwise.decisionOn(image);
    },
  };
}
