export { type ArtifactClass, artifactClassOf } from './artifact-class.ts';
export { type ArtifactManifestInput, createArtifactManifest, createIndex, EMPTY_BLOB } from './create-manifest.ts';
export {
  type Descriptor,
  descriptorSchema,
  formatPlatform,
  isUnknownPlatform,
  type Platform,
  type StringMap,
} from './descriptor.ts';
export { type ImageConfig, parseImageConfig } from './image-config.ts';
export {
  type ArtifactManifest,
  blobsOf,
  type ImageIndex,
  type ImageManifest,
  MAX_MANIFEST_BYTES,
  type Manifest,
} from './manifest.ts';
export * from './media-types.ts';
export { type ExpectedContent, parseManifest } from './parse-manifest.ts';
