import type { PlanImage } from './model.ts';

/** Whether the first image is what the second was built on: all its layers are the second's lowest, and not all of them. */
export const isBaseOf = (base: PlanImage, image: PlanImage): boolean =>
  base.layers.length > 0 &&
  base.layers.length < image.layers.length &&
  base.layers.every((layer, i) => image.layers[i] === layer);

/**
 * The image that another one was built on, among those that are known: the one with the most layers; of equal ones the
 * first by key, so that the answer does not depend on an order.
 */
export function findBase(image: PlanImage, known: readonly PlanImage[]): PlanImage | undefined {
  return known
    .filter((candidate) => isBaseOf(candidate, image))
    .toSorted((a, b) => b.layers.length - a.layers.length || (a.key < b.key ? -1 : 1))[0];
}

/** Later images of the base's repository for the same platform, the newest first. */
export function newerBases(base: PlanImage, known: readonly PlanImage[]): readonly PlanImage[] {
  return known
    .filter(
      (one) =>
        one.registry === base.registry &&
        one.repository === base.repository &&
        one.platform === base.platform &&
        one.digest !== base.digest &&
        one.pushedAt > base.pushedAt,
    )
    .toSorted((a, b) => (a.pushedAt > b.pushedAt ? -1 : a.pushedAt < b.pushedAt ? 1 : a.key < b.key ? -1 : 1));
}
