import { defineFunction } from '../_pipe/function.ts';

export const replicateImage = defineFunction({
  name: 'replicate-image',
  description: 'Copies a signed image with children, referrers and tags to the registries that rules name',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.signing', 'lading.replication'],
      'detail-type': ['Image Signed', 'Image Attested', 'Replica Diverged'],
    },
    batchSize: 2,
    maxConcurrency: 5,
  },
  memoryMb: 1024,
  timeoutSeconds: 300,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'replicas', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { registry: 'push' },
    { registry: 'delete' },
    { setting: 'registries' },
    { setting: 'replication' },
    { bus: 'lading' },
  ],
});
