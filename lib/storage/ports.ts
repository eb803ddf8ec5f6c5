import type { Digest } from '../core/digest.ts';
import type { RepositoryName } from '../inventory/index.ts';
import type { LayerInventory } from '../sbom/index.ts';
import type { LayerContents } from './advice/layer-contents.ts';

/** How often images were pulled. */
export interface PullCounter {
  /** By location key; an image that was not pulled is not there. */
  count(period: { readonly from: Date; readonly until: Date }): Promise<ReadonlyMap<string, number>>;
  /** Whether the registry tells of pulls at all: of the others no number is known. */
  tells(of: RepositoryName): Promise<boolean>;
}

/** What was read of layers before, whatever kinds of files were looked for then. */
export interface LayerKnowledge {
  inventory(layer: Digest): Promise<LayerInventory | undefined>;
  contents(layer: Digest): Promise<LayerContents | undefined>;
}
