export { buildSbom } from './build-sbom.ts';
export type { Cataloger, FileKind } from './catalogers/cataloger.ts';
export { fileKinds } from './catalogers/index.ts';
export { compareSboms, isSame, type PackageName, type SbomDifference } from './compare-sboms.ts';
export {
  type CreateSbomInput,
  type CreateSbomPorts,
  type CreateSbomResult,
  createSbom,
} from './create-sbom.ts';
export { readSbom, readSbomPackages } from './formats/read-sbom.ts';
export {
  describeForm,
  parseSbomForm,
  type SbomForm,
  type SbomFormat,
  sbomFormats,
  writeSbom,
} from './formats/write-sbom.ts';
export { fromCycloneDx } from './from-cyclonedx.ts';
export { GENERATOR_VERSION } from './generator-version.ts';
export {
  type ImageInventory,
  type InventoryImageInput,
  type InventoryImageOptions,
  inventoryImage,
} from './inventory-image.ts';
export { readFileTree, type TreeEntry } from './layers/file-tree.ts';
export type { LayerInventory } from './layers/inventory.ts';
export { defaultLayerLimits, type LayerLimits } from './layers/limits.ts';
export { readArchive } from './layers/read-layer.ts';
export type { ArchivePass, FailedPass, LayerExpectation, LayerReading } from './layers/reading.ts';
export { listPackages, listSbom } from './list-packages.ts';
export type { ListedPackage, ListedSbom } from './listed-sbom.ts';
export { mergeSboms } from './merge-sboms.ts';
export { mergeWithOthers, type OtherSbom } from './merge-with-others.ts';
export {
  type Base,
  type Distro,
  type Gap,
  type Origin,
  type Package,
  type Sbom,
  type SbomOutcome,
  sbomSchema,
} from './model.ts';
export type { KnownBases } from './origin/find-base.ts';
export type { ImageSource, LayerInventoryStore, LayerSource, SbomStore, StoredSbom } from './ports.ts';
export { attributeFiles } from './quality/attribute-files.ts';
export type { FileCoverage } from './quality/coverage.ts';
export { judgeSbom, type QualityStandard, type SbomQuality, sbomQualitySchema } from './quality/judge-sbom.ts';
export { readConfig } from './read-config.ts';
export { documentPrefix, externalPrefix, qualityKey, sbomPlaces } from './sbom-places.ts';
export type { SubjectOptions } from './subject.ts';
export { orderedVersion, writtenVersion } from './version-words.ts';
