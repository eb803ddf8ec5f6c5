import type { Clock } from '../core/clock.ts';
import type { CostConfig } from '../cost/index.ts';
import type { LayerKnowledge, ProfileCache, PullCounter, StorageConfig } from '../storage/index.ts';

/** What is stored, for whom, and what it costs. Nothing here reads a layer. */
export interface StorageDesk {
  readonly storage: StorageConfig;
  readonly cost: CostConfig;
  readonly layers: LayerKnowledge;
  /** Outlives a request. */
  readonly profiles: ProfileCache;
  readonly pulls: PullCounter;
  readonly clock: Clock;
}
