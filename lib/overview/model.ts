import type { z } from 'zod';
import type {
  gateDecided,
  imageAttested,
  imageReplicated,
  imageSigned,
  sbomCreated,
  scanCompleted,
} from '../events/index.ts';
import type { CatalogEntry, Stage } from '../inventory/index.ts';

export type StageState = 'done' | 'working' | 'waiting' | 'not-needed';

export interface StageStatus {
  readonly stage: Stage;
  readonly state: StageState;
  /** For stages that are done. */
  readonly completedAt?: string;
  readonly attempts: number;
}

/** What a person wants to know of an image at a glance. Each part is there once its stage is done. */
export interface ImageOverview {
  readonly entry: CatalogEntry;
  readonly tags: readonly string[];
  readonly stages: readonly StageStatus[];
  /** Nothing more will happen by itself. */
  readonly settled: boolean;
  readonly sbom?: z.infer<typeof sbomCreated.data>;
  readonly scan?: z.infer<typeof scanCompleted.data>['scan'];
  readonly verdict?: z.infer<typeof gateDecided.data>;
  readonly signature?: z.infer<typeof imageSigned.data>['signature'];
  /** What was said of it last. */
  readonly attestation?: z.infer<typeof imageAttested.data>;
  readonly replicas: readonly z.infer<typeof imageReplicated.data>[];
}
