import { parseManifest } from '../../formats/oci/index.ts';
import type { BlobReader, ManifestReader } from '../../registry/index.ts';
import type { ImageSource } from '../ports.ts';

/** One repository of a registry (or the one of a layout or an archive) as a source of images and layers. */
export function registryImageSource(registry: ManifestReader & BlobReader, repository: string): ImageSource {
  return {
    async manifest(digest, signal) {
      const found = await registry.getManifest({ repository, reference: digest }, signal ? { signal } : {});
      return found && parseManifest(found.bytes, found.mediaType, { digest });
    },
    open: ({ digest, size }, signal) => registry.openBlob({ repository, digest, size }, signal ? { signal } : {}),
  };
}
