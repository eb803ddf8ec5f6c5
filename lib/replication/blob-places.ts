import type { Digest } from '../core/digest.ts';

/**
 * Remembers where blobs were last seen at a target, so that a base image which went to one repository is mounted into
 * the next instead of being sent again. A hint only: a mount that fails is followed by an upload.
 */
export interface BlobPlaces {
  repositoryWith(registry: string, digest: Digest): string | undefined;
  note(registry: string, repository: string, digest: Digest): void;
}

const MOST = 50_000;

/** In the memory of the process, which a warm function keeps; the places noted last are kept. */
export function createBlobPlaces(most = MOST): BlobPlaces {
  const places = new Map<string, string>();
  return {
    repositoryWith: (registry, digest) => places.get(`${registry} ${digest}`),
    note(registry, repository, digest) {
      const key = `${registry} ${digest}`;
      places.delete(key);
      places.set(key, repository);
      if (places.size > most) places.delete(places.keys().next().value as string);
    },
  };
}
