import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { EndpointHealth } from './model.ts';

export interface HealthReader {
  /** `undefined` where it was never probed. */
  find(registry: string): Promise<EndpointHealth | undefined>;
}

export interface HealthStore extends HealthReader {
  /** Puts `after` where `before` still stands; false where another process was first. */
  swap(before: EndpointHealth | undefined, after: EndpointHealth): Promise<boolean>;
}

/** A copy of an image that is known to have arrived whole, or the image itself. */
export interface KnownPlace {
  readonly at: ImageLocation;
  readonly standing: 'source' | 'replica';
}

export interface PlaceFinder {
  /** Where the image is, by what is recorded. Empty where nothing is. */
  placesOf(image: ImageLocation): Promise<readonly KnownPlace[]>;
  /** What the tag of the source named when it was last seen; undefined where that is not recorded. */
  lastSeen(
    source: { readonly registry: string; readonly repository: string },
    tag: string,
  ): Promise<Digest | undefined>;
}
