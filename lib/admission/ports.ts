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

/** Where an image is to be pulled from by whoever is at a location. */
export interface PlaceResolver {
  /** `undefined` where no place is known for it, or none has it now: the name stays as it is. */
  nearest(image: ImageLocation, location: string): Promise<ImageLocation | undefined>;
}

/** A verdict that stands, or a signature by others that is trusted where there is none. */
export type Judgement = TrustDecision | { readonly kind: 'trusted'; readonly signedBy: readonly string[] };

/** Whether an image may run. */
export interface TrustJudge {
  /** @throws LadingError where it cannot be told: no answer is neither yes nor no */
  judge(image: ImageLocation): Promise<Judgement>;
}
