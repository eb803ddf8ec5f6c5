import { defineFunction } from '../_pipe/function.ts';

export const restoreImages = defineFunction({
  name: 'restore-images',
  description: 'Brings archived images back to the registry they were in, when an operator asks for it',
  trigger: {
    kind: 'events',
    bus: 'lading',
    // A request and no event of ours: an operator puts it on the bus, or "lading retention restore" into the queue.
    pattern: { source: ['lading.operator'], 'detail-type': ['Restore Requested'] },
    batchSize: 1,
    maxConcurrency: 2,
  },
  memoryMb: 512,
  timeoutSeconds: 300,
  uses: [
    { bucket: 'archive', prefix: 'images/', access: 'read' },
    { registry: 'push' },
    { setting: 'registries' },
    { bus: 'lading' },
  ],
});
