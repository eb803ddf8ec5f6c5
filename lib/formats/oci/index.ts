export { type ArtifactClass, artifactClassOf, hasContents } from './artifact-class.ts';
export { chainIdsOf } from './chain-id.ts';
export {
  createArtifactManifest,
  createIndex,
  EMPTY_BLOB,
  type EncodedManifest,
  encodeManifest,
} from './create-manifest.ts';
export {
  type Descriptor,
  descriptorSchema,
  formatPlatform,
  isUnknownPlatform,
} from './descriptor.ts';
export { type ImageConfig, parseImageConfig } from './image-config.ts';
export {
  blobsOf,
  type ImageIndex,
  type ImageManifest,
  MAX_MANIFEST_BYTES,
  type Manifest,
} from './manifest.ts';
export * from './media-types.ts';
export { parseManifest } from './parse-manifest.ts';
