import type { TrustDecision } from '../attestation/index.ts';
import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';

/** What a tag names now. Asks the registry itself. */
export interface TagResolver {
  /** `undefined` where there is no such tag. @throws LadingError `registry-unknown`, or where it cannot be told */
  digestOf(at: {
    readonly registry: string;
    readonly repository: string;
    readonly tag: string;
  }): Promise<Digest | undefined>;
}

/** Whether an image may run, by the verdict that stands. */
export interface TrustJudge {
  /** @throws LadingError where it cannot be told: no answer is neither yes nor no */
  judge(image: ImageLocation): Promise<TrustDecision>;
}
