/** Counts up when the catalogers or the merge find more than before; SBOMs of older versions are then made again. */
export const GENERATOR_VERSION = '5';
