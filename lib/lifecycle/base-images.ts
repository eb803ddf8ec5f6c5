import type { CompactRepository } from '../inventory/index.ts';

/**
 * Finds, for an image, one that was built on it: whose layers begin with all of its layers and go on. Each list of layers
 * is a path in a tree, so that asking takes as many steps as the image has layers, however many images there are.
 */
export function indexBases(
  repositories: readonly CompactRepository[],
): (repository: CompactRepository, row: number) => string | undefined {
  const nodes = new Map<number, number>();
  /** By node: the first image that goes on from there. */
  const dependents: (readonly [CompactRepository, number] | undefined)[] = [undefined];
  for (const repository of repositories) {
    const { layerStart, layer } = repository;
    for (let row = 0; row < repository.size; row++) {
      if (!isImage(repository, row)) continue;
      let node = 0;
      const from = layerStart[row] as number;
      for (let i = from; i < (layerStart[row + 1] as number); i++) {
        if (i > from) dependents[node] ??= [repository, row];
        const key = node * WIDTH + (layer[i] as number);
        const known = nodes.get(key);
        node = known ?? dependents.push(undefined) - 1;
        if (known === undefined) nodes.set(key, node);
      }
    }
  }
  return (repository, row) => {
    if (!isImage(repository, row)) return undefined;
    const { layerStart, layer } = repository;
    let node = 0;
    for (let i = layerStart[row] as number; i < (layerStart[row + 1] as number); i++) {
      const next = nodes.get(node * WIDTH + (layer[i] as number));
      if (next === undefined) return undefined;
      node = next;
    }
    const dependent = dependents[node];
    if (dependent === undefined) return undefined;
    const [builtOnIt, at] = dependent;
    return `${builtOnIt.of.registry}/${builtOnIt.of.repository}@${builtOnIt.digestAt(at)}`;
  };
}

const isImage = (repository: CompactRepository, row: number): boolean =>
  repository.textOf(repository.artifactClass[row]) === 'image';

/** Room for so many different digests beside as many nodes: their product is exact in a number. */
const WIDTH = 2 ** 26;
