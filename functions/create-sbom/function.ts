import { defineFunction } from '../_pipe/function.ts';
import { sbomTrigger, sbomUses } from '../_pipe/sbom-worker.ts';

export const createSbom = defineFunction({
  name: 'create-sbom',
  description: 'Reads the layers that were never read before and makes the SBOM of an image',
  trigger: sbomTrigger('usual', { batchSize: 5, maxConcurrency: 5 }),
  memoryMb: 1769,
  timeoutSeconds: 300,
  uses: sbomUses,
});
