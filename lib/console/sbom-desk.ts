import type { Clock } from '../core/clock.ts';
import type { EventPublisher } from '../events/index.ts';
import type { ExternalSbomStore, OwnSboms, QualityStore } from '../external-sboms/index.ts';

/** SBOMs of images: our own, how much they tell, and those that others made and that are given to us here. */
export interface SbomDesk {
  readonly own: OwnSboms;
  readonly qualities: Pick<QualityStore, 'get'>;
  readonly externals: ExternalSbomStore;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
}
