import { type Digest, digestOf } from '../../core/digest.ts';

/**
 * Names of the file systems that come into being layer by layer, lowest first (OCI image specification 1.1, "Layer
 * ChainID"). Two images whose lowest layers have the same content have the same ones, however their blobs are packed.
 */
export function chainIdsOf(diffIds: readonly Digest[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
