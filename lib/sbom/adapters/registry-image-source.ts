import type { Digest } from '../../core/digest.ts';
import { type Manifest, parseManifest } from '../../formats/oci/index.ts';
import type { BlobReader, ManifestReader } from '../../registry/index.ts';
import type { ImageSource } from '../ports.ts';

/** Manifests that are kept, as whoever chooses a platform and whoever reads the image ask for the same. */
const MAX_KEPT = 32;

/** One repository of a registry (or the one of a layout or an archive) as a source of images and layers. */
export function registryImageSource(registry: ManifestReader & BlobReader, repository: string): ImageSource {
  const kept = new Map<Digest, Manifest>();
  return {
    async manifest(digest, signal) {
      const known = kept.get(digest);
      if (known) return known;
      const found = await registry.getManifest({ repository, reference: digest }, signal ? { signal } : {});
      const manifest = found && parseManifest(found.bytes, found.mediaType, { digest });
      if (manifest && kept.size < MAX_KEPT) kept.set(digest, manifest);
      return manifest;
    },
    open({ digest, size }, signal) {
      // All of it as a range: then it is not hashed there, because whoever reads it here does.
      const range = size > 0 ? { range: { start: 0, end: size - 1 } } : {};
      return registry.openBlob({ repository, digest, size }, { ...range, ...(signal ? { signal } : {}) });
    },
  };
}
