import type { Clock } from '../../../core/clock.ts';
import type { BlobReader, ManifestRemover } from '../../ports.ts';

/** A blob never changes under its digest, but it can be collected: what was seen is believed for so long. Milliseconds. */
const BELIEVED_MS = 15_000;
const MAX_KEPT = 10_000;

interface Kept {
  readonly value: { readonly size: number };
  readonly until: number;
}

/**
 * Remembers for a short while which blobs are there; what is not there is asked for each time. Manifests are always
 * asked for: whether one was deleted is what such a question is mostly about.
 */
export function createHeadCache(clock: Clock) {
  const kept = new Map<string, Kept>();
  return {
    blobs: (reader: BlobReader): BlobReader => ({
      ...reader,
      async headBlob(at, call) {
        const key = `${at.repository}@${at.digest}`;
        const now = clock.now().getTime();
        const known = kept.get(key);
        if (known !== undefined && known.until > now) return known.value;
        kept.delete(key);
        const value = await reader.headBlob(at, call);
        if (value === undefined) return undefined;
        kept.set(key, { value, until: now + BELIEVED_MS });
        if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value as string);
        return value;
      },
    }),
    /** A registry may drop blobs with a manifest, and a manifest with its tag. */
    remover: (remover: ManifestRemover): ManifestRemover => ({
      deleteManifest: (at, call) => remover.deleteManifest(at, call).finally(() => kept.clear()),
      deleteTag: (at, call) => remover.deleteTag(at, call).finally(() => kept.clear()),
    }),
  };
}
