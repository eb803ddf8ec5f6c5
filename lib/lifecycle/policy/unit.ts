import type { Digest } from '../../core/digest.ts';
import type { ArtifactClass } from '../../events/index.ts';

/** What a policy decides on: a tag, an image with all its tags, or something without tags. Times are in ms. */
export interface Unit {
  /** The tag, or the digest. */
  readonly id: string;
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** For a tag, when it was bound to its digest; for an image, when its manifest was pushed. */
  readonly pushedAt: number;
  /** `unknown` where the registry tells nothing of pulls, which is not the same as never. */
  readonly pulledAt: number | 'never' | 'unknown';
  readonly createdAt: number | undefined;
  readonly artifactClass: ArtifactClass;
  readonly platforms: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  readonly signed: boolean;
  /** With all children, in bytes. */
  readonly sizeBytes: number;
}
