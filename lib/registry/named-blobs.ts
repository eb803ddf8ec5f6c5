import { blobsOf, type Descriptor, isManifestType, type Manifest } from '../formats/oci/index.ts';

/** The blobs that a manifest names itself. An index of BuildKit's cache lists blobs among its "manifests". */
export const namedBlobs = (manifest: Manifest): readonly Descriptor[] =>
  manifest.kind === 'index' ? manifest.manifests.filter((d) => !isManifestType(d.mediaType)) : blobsOf(manifest);
