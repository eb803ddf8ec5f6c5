import type { Base, Origin } from '../model.ts';

/** Who brought what is in a layer: the base image, or whoever built on it. */
export const originOf = (layer: number | undefined, base: Pick<Base, 'layers'> | undefined): Origin =>
  base === undefined || layer === undefined ? 'unknown' : layer < base.layers ? 'base' : 'own';

/** Of what comes from several images, of which one may be built on the other. */
export const commonOrigin = (origins: readonly (Origin | undefined)[]): Origin => {
  const [first = 'unknown'] = origins;
  return origins.every((one) => one === first) ? first : 'unknown';
};
