export { bindTags } from './bind-tags.ts';
export { type CatalogPorts, catalogImage } from './catalog-image.ts';
export { CompactRepository } from './compact/compact-repository.ts';
export { DigestNumbers } from './compact/digest-numbers.ts';
export { readRepository } from './compact/read-repository.ts';
export { type DeletionPorts, forgetImage, recordDeletion } from './forget-image.ts';
export { listRepositories } from './list-repositories.ts';
export { listRepository } from './list-repository.ts';
export { lastDecision, missingStage, type Stage, stages } from './missing-work.ts';
export { type CatalogEntry, catalogEntrySchema, type RepositoryName, type TagBinding, whereaboutsOf } from './model.ts';
export type {
  CatalogChange,
  CatalogChanges,
  CatalogReader,
  CatalogWriter,
  ImageCatalog,
  LayerChains,
  ReplicaLookup,
} from './ports.ts';
export {
  type ReconcilePorts,
  type ReconcileResult,
  type ReconcileSettings,
  type RegistryListing,
  reconcileRepository,
} from './reconcile-repository.ts';
export { recordStorageClass } from './record-storage-class.ts';
export {
  recentRepositories,
  type SnapshotPorts,
  wholeRepositories,
} from './snapshot/read-repositories.ts';
export { tagsOf } from './tags-of.ts';
export { untaggedOf } from './untagged-of.ts';
