export { desiredContents, fetchDesired, rememberDesired, siteTrust } from './desired-artifact.ts';
export { importBundle } from './import-bundle.ts';
export type { AttachedTag, BundleImage } from './model.ts';
export { oneLayout } from './one-layout.ts';
export { imageWithGraph, planBundle } from './plan-bundle.ts';
export { openBundleFiles, streamedBytes } from './read-bytes.ts';
export { compressionFor, writeBundle } from './write-bundle.ts';
