import type { Digest } from '../core/digest.ts';
import type { BlobReader, ManifestReader, ReferrerReader } from '../registry/index.ts';
import type { Sbom, SbomQuality } from '../sbom/index.ts';
import type { ExternalSbom } from './model.ts';

/** What lies beside an image in its repository. */
export type BesideReader = ManifestReader & BlobReader & ReferrerReader;

/** SBOMs of others, by the digest of the image that they are about. */
export interface ExternalSbomStore {
  /** Keeps document and record; a verified one takes the place of the same document unverified. */
  put(sbom: Omit<ExternalSbom, 'document'>, content: Uint8Array): Promise<ExternalSbom>;
  /** Records what was told of it. */
  tell(sbom: ExternalSbom, told: NonNullable<ExternalSbom['told']>): Promise<void>;
  list(image: Digest): Promise<readonly ExternalSbom[]>;
  /** The document as it was found. */
  content(sbom: ExternalSbom): Promise<Uint8Array | undefined>;
}

/** How much our own SBOMs tell, by image. */
export interface QualityStore {
  put(image: Digest, quality: SbomQuality): Promise<void>;
  get(image: Digest): Promise<SbomQuality | undefined>;
}

/** Our own SBOMs. */
export interface OwnSboms {
  get(image: Digest): Promise<Sbom | undefined>;
}
