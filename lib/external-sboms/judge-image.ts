import {
  attributeFiles,
  fileKinds,
  judgeSbom,
  type LayerInventory,
  type LayerInventoryStore,
  listSbom,
  type Sbom,
} from '../sbom/index.ts';
import type { QualityStore } from './ports.ts';

export interface JudgePorts {
  readonly qualities: Pick<QualityStore, 'put'>;
  readonly inventories: Pick<LayerInventoryStore, 'get'>;
}

/** Judges how much our SBOM of an image tells, with the files that its layers were found to hold, and keeps that. */
export async function judgeImage(ports: JudgePorts, sbom: Sbom): Promise<void> {
  const inventories: LayerInventory[] = [];
  // In the SBOM of an index, the layers of different images lie beside one another, and not on one another.
  const layers = sbom.platform === undefined ? [] : sbom.layers;
  for (const { digest } of layers) {
    const found = await ports.inventories.get(digest, fileKinds);
    if (found) inventories.push(found);
  }
  const complete = layers.length > 0 && inventories.length === layers.length;
  const coverage = complete ? attributeFiles(inventories, sbom.packages) : undefined;
  await ports.qualities.put(sbom.image, judgeSbom(listSbom(sbom), coverage));
}
