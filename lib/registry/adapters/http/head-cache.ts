import type { Clock } from '../../../core/clock.ts';
import { isDigest } from '../../../core/digest.ts';
import type { BlobReader, ManifestHead, ManifestReader, ManifestRemover } from '../../ports.ts';

/** Content under a digest never changes, but it can be deleted: what was seen is believed for so long. Milliseconds. */
const BELIEVED_MS = 15_000;
const MAX_KEPT = 10_000;

interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

/** Remembers for a short while what is there by its digest; what is not there is asked for each time. */
export function createHeadCache(clock: Clock) {
  const manifests = new Map<string, Kept<ManifestHead>>();
  const blobs = new Map<string, Kept<{ readonly size: number }>>();
  const remembered = async <T>(
    kept: Map<string, Kept<T>>,
    key: string,
    ask: () => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    const now = clock.now().getTime();
    const known = kept.get(key);
    if (known !== undefined && known.until > now) return known.value;
    kept.delete(key);
    const value = await ask();
    if (value === undefined) return undefined;
    kept.set(key, { value, until: now + BELIEVED_MS });
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value as string);
    return value;
  };
  // A tag's deletion may delete its manifest, and with either a registry may drop blobs.
  const forget = (): void => {
    manifests.clear();
    blobs.clear();
  };
  const keyOf = (repository: string, digest: string): string => `${repository}@${digest}`;
  return {
    manifests: (reader: ManifestReader): ManifestReader => ({
      ...reader,
      headManifest: (at, call) =>
        isDigest(at.reference)
          ? remembered(manifests, keyOf(at.repository, at.reference), () => reader.headManifest(at, call))
          : reader.headManifest(at, call),
    }),
    blobs: (reader: BlobReader): BlobReader => ({
      ...reader,
      headBlob: (at, call) => remembered(blobs, keyOf(at.repository, at.digest), () => reader.headBlob(at, call)),
    }),
    remover: (remover: ManifestRemover): ManifestRemover => ({
      deleteManifest: (at, call) => remover.deleteManifest(at, call).finally(forget),
      deleteTag: (at, call) => remover.deleteTag(at, call).finally(forget),
    }),
  };
}
