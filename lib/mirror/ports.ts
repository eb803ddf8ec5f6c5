import type { Digest } from '../core/digest.ts';
import type { FetchedManifest } from '../registry/index.ts';

/** A manifest that the mirror holds itself. */
export interface CachedManifest {
  readonly digest: Digest;
}

/** What the mirror has stored; names are those of its own repositories. */
export interface MirrorCache {
  find(repository: string, reference: string): CachedManifest | undefined;
  /** Keeps a verified manifest whose blobs may come later, and moves the tag to it where one is given. */
  store(repository: string, manifest: FetchedManifest, tag: string | undefined): Promise<void>;
}

/** What the gate says of an image. `pending`: nothing yet, or it cannot be asked. */
export type GateAnswer =
  | { readonly decision: 'pending' }
  | { readonly decision: 'allow' }
  | { readonly decision: 'deny'; readonly reasons: readonly string[] };

/** An image by its name here and by that at the upstream: either may be how Lading knows it. */
export interface GatedImage {
  readonly repository: string;
  readonly upstream: { readonly registry: string; readonly repository: string };
  readonly digest: Digest;
}

export interface GateReader {
  decisionOn(image: GatedImage): Promise<GateAnswer>;
}

/** Digests that were let out of quarantine. They stay out, whatever is found later: admission is the gate's own work. */
export interface ReleaseLog {
  has(digest: Digest): boolean;
  record(digest: Digest): Promise<void>;
}
