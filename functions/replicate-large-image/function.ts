import { defineFunction } from '../_pipe/function.ts';
import { replicationUses } from '../_pipe/replication-worker.ts';

export const replicateLargeImage = defineFunction({
  name: 'replicate-large-image',
  description: 'Does what replicate-image does for images that it would not get through in its time',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.replication'],
      'detail-type': ['Replication Requested'],
      detail: { data: { lane: ['large'] } },
    },
    batchSize: 1,
    maxConcurrency: 2,
  },
  // A whole processor; memory itself does not grow with the size of images.
  memoryMb: 1769,
  timeoutSeconds: 900,
  uses: [...replicationUses, { largeWork: 'replicate-large-image' }],
});
