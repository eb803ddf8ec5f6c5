export { type AdvisedLayer, adviseImage, type ImageAdvice, type Recompression } from './advice/advise-image.ts';
export { adviseLayers, type LayerAdvice, type ProfileCache } from './advice/advise-layers.ts';
export { type LayerContents, readContents } from './advice/layer-contents.ts';
export { findNearDuplicates, type NearDuplicates, profileOf } from './advice/near-duplicates.ts';
export { type ImageStorage, measureImage } from './analysis/measure-image.ts';
export { measureStorage } from './analysis/measure-storage.ts';
export { type CacheReport, scoreCaches } from './analysis/score-caches.ts';
export { type BaseReport, standardiseBases } from './analysis/standardise-bases.ts';
export { type StorageConfig, storageConfigSchema } from './config.ts';
export {
  type CollectOptions,
  collectDistribution,
  type DistributionReport,
  UPLOAD_TTL_MS,
} from './distribution/collect-distribution.ts';
export type { DistributionStorage } from './distribution/ports.ts';
export type { OwnerBy, OwnerStorage, SharedGroup, StorageReport } from './model.ts';
export { blobSharing, ecrPlace, ownerNamer, rootsOf, storeNamer } from './owners.ts';
export type { LayerKnowledge, PullCounter } from './ports.ts';
export { eventsOfPeriod, type Trail, type TrailEntry } from './read-trail.ts';
