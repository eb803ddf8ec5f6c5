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
  /** When something was last seen to run it; `unknown` where nobody reports what runs. */
  readonly usedAt: number | 'never' | 'unknown';
  /** What the gate said last; absent where no rule asks for it. */
  readonly verdict?: 'allow' | 'deny' | 'quarantine' | undefined;
  /** That of its worst finding; absent where it was not scanned, or no rule asks for it. */
  readonly severity?: string | undefined;
}
