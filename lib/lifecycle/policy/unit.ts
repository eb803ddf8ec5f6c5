import type { Digest } from '../../core/digest.ts';
import type { Selectable } from '../../selection/index.ts';

/** What a policy decides on: a tag, an image with all its tags, or something without tags. Times are in ms. */
export interface Unit extends Selectable {
  /** The tag, or the digest. */
  readonly id: string;
  readonly digest: Digest;
  /** For a tag, when it was bound to its digest; for an image, when its manifest was pushed. */
  readonly pushedAt: number;
  /** `unknown` where the registry tells nothing of pulls, which is not the same as never. */
  readonly pulledAt: number | 'never' | 'unknown';
  readonly createdAt: number | undefined;
}
