import { defineFunction } from '../_pipe/function.ts';
import { sbomTrigger, sbomUses } from '../_pipe/sbom-worker.ts';

export const createLargeSbom = defineFunction({
  name: 'create-large-sbom',
  description: 'Does what create-sbom does for images that it would not get through in its time',
  trigger: sbomTrigger('large', { batchSize: 1, maxConcurrency: 2 }),
  // Two processors: one unpacks what the other reads.
  memoryMb: 3538,
  timeoutSeconds: 900,
  uses: [...sbomUses, { largeWork: 'create-large-sbom' }],
});
