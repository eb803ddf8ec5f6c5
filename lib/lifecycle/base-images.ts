import type { Digest } from '../core/digest.ts';
import type { CatalogEntry } from '../inventory/index.ts';

/**
 * Finds, for an image, one that was built on it: whose layers begin with all of its layers and go on. Each list of layers
 * is a path in a tree, so that asking takes as many steps as the image has layers, however many images there are.
 */
export function indexBases(
  entries: Iterable<CatalogEntry>,
): (base: Pick<CatalogEntry, 'artifactClass' | 'layers'>) => string | undefined {
  const numbers = new Map<Digest, number>();
  const nodes = new Map<number, number>();
  const dependents = new Map<number, string>();
  const step = (node: number, layer: Digest): number => node * WIDTH + numberOf(layer);
  const numberOf = (layer: Digest): number => {
    const number = numbers.get(layer) ?? numbers.size;
    numbers.set(layer, number);
    return number;
  };
  for (const { artifactClass, layers, registry, repository, digest } of entries) {
    if (artifactClass !== 'image') continue;
    let node = 0;
    for (const [i, layer] of layers.entries()) {
      if (i > 0 && !dependents.has(node)) dependents.set(node, `${registry}/${repository}@${digest}`);
      const key = step(node, layer.digest);
      node = nodes.get(key) ?? nodes.size + 1;
      nodes.set(key, node);
    }
  }
  return ({ artifactClass, layers }) => {
    if (artifactClass !== 'image') return undefined;
    let node = 0;
    for (const layer of layers) {
      const number = numbers.get(layer.digest);
      const next = number === undefined ? undefined : nodes.get(node * WIDTH + number);
      if (next === undefined) return undefined;
      node = next;
    }
    return dependents.get(node);
  };
}

/** Room for so many different layers beside as many nodes: their product is exact in a number. */
const WIDTH = 2 ** 26;
