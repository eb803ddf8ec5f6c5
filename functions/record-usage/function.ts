import { defineFunction } from '../_pipe/function.ts';

export const recordUsage = defineFunction({
  name: 'record-usage',
  description: 'Keeps when images were last pulled, and leases of those that run',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.intake', 'lading.runtime'],
      'detail-type': ['Image Pulled', 'Image In Use'],
    },
    batchSize: 10,
    maxConcurrency: 2,
  },
  memoryMb: 256,
  timeoutSeconds: 30,
  uses: [{ table: 'retention', access: 'read-write' }, { setting: 'retention' }, { bus: 'lading' }],
});
