import { type AlgorithmUse, checkVerdict, type TrustDecision, type VerdictBoard } from '../attestation/index.ts';
import type { Clock } from '../core/clock.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { VerificationKey } from '../signing/index.ts';
import type { TrustJudge } from './ports.ts';

export interface VerdictJudgePorts {
  readonly board: Pick<VerdictBoard, 'find'>;
  /** Of a replica that Lading made: the image that it is a copy of, or the index that it was made of, which has the verdict. */
  readonly sourceOf: (image: ImageLocation) => Promise<ImageLocation | undefined>;
  /** Keys that are trusted now; read again often enough that a revocation is soon felt. */
  readonly keys: () => Promise<readonly VerificationKey[]>;
  readonly clock: Clock;
}

/**
 * Judges by the verdict that stands for the image, or for the one that it is a copy of. An index with fewer platforms has
 * that of the whole one, which is over all of its images.
 */
export function verdictJudge(
  ports: VerdictJudgePorts,
  settings: { readonly verifier: string; useAt(now: Date): AlgorithmUse },
): TrustJudge {
  return {
    async judge(image): Promise<TrustDecision> {
      const [own, keys] = await Promise.all([ports.board.find(image), ports.keys()]);
      const source = own === undefined ? await ports.sourceOf(image) : undefined;
      const verdict = own ?? (source === undefined ? undefined : await ports.board.find(source));
      const now = ports.clock.now();
      return checkVerdict(source?.digest ?? image.digest, verdict, {
        keys,
        verifier: settings.verifier,
        use: settings.useAt(now),
        now,
      });
    },
  };
}
