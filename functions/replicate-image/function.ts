import { defineFunction } from '../_pipe/function.ts';
import { replicationUses } from '../_pipe/replication-worker.ts';

export const replicateImage = defineFunction({
  name: 'replicate-image',
  description: 'Copies a signed image with children, referrers and tags to the registries that rules name',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.signing', 'lading.replication'],
      'detail-type': ['Image Signed', 'Image Attested', 'Replica Diverged', 'Replication Requested'],
      // Only requests name a lane.
      detail: { data: { lane: [{ exists: false }, 'usual'] } },
    },
    batchSize: 2,
    maxConcurrency: 5,
  },
  memoryMb: 1024,
  timeoutSeconds: 300,
  uses: replicationUses,
});
