import type { ArtifactClass } from '../events/index.ts';

/** What a selector looks at: an image, or one of its tags, with what is known of its content. */
export interface Selectable {
  readonly tags: readonly string[];
  readonly artifactClass: ArtifactClass;
  readonly platforms: readonly string[];
  readonly labels: ReadonlyMap<string, string>;
  readonly signed: boolean;
  /** With all children, in bytes. */
  readonly sizeBytes: number;
}
