import { type Digest, digestAlgorithm, digestHex } from '../core/digest.ts';

const nameOf = (image: Digest): string => `${digestAlgorithm(image)}/${digestHex(image)}`;

/** The newest SBOM of an image. */
export const pointerKey = (image: Digest): string => `sboms/of/${nameOf(image)}.zst`;
/** How much it tells. */
export const qualityKey = (image: Digest): string => `sboms/quality/${nameOf(image)}.zst`;
/** Records of SBOMs that others made of it. */
export const externalPrefix = (image: Digest): string => `sboms/external/${nameOf(image)}/`;
/** Documents of all versions and makers, content-addressed; of each image by itself, so that they can go with it. */
export const documentPrefix = (image: Digest): string => `sboms/documents/${nameOf(image)}`;

/** Everything that is kept of an image's SBOMs, what leads to documents first. */
export const sbomPlaces = (image: Digest): readonly string[] => [
  pointerKey(image),
  externalPrefix(image),
  qualityKey(image),
  `${documentPrefix(image)}/`,
];
