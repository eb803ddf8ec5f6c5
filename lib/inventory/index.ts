export { type CatalogPorts, catalogImage } from './catalog-image.ts';
export { forgetImage } from './forget-image.ts';
export { listRepository } from './list-repository.ts';
export { missingStage, type Stage, stages } from './missing-work.ts';
export { type CatalogEntry, catalogEntrySchema, type RepositoryName, type TagBinding } from './model.ts';
export type { CatalogReader, CatalogWriter, ImageCatalog, ReplicaLookup } from './ports.ts';
export {
  type ReconcilePorts,
  type ReconcileResult,
  type ReconcileSettings,
  type RegistryListing,
  reconcileRepository,
} from './reconcile-repository.ts';
export { tagsOf } from './tags-of.ts';
