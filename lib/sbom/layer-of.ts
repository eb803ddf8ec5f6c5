import type { Digest } from '../core/digest.ts';
import type { Package, Sbom } from './model.ts';

/** Digest of the layer that brought a package; undefined where only others found it, who do not say. */
export const layerOf = ({ layers }: Pick<Sbom, 'layers'>, { layer }: Pick<Package, 'layer'>): Digest | undefined =>
  layer === undefined ? undefined : layers[layer]?.digest;
