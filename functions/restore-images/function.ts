import { defineFunction } from '../_pipe/function.ts';

export const restoreImages = defineFunction({
  name: 'restore-images',
  description: 'Brings back what was archived or set aside, when somebody asks for it or something uses it',
  trigger: {
    kind: 'events',
    bus: 'lading',
    // A request of an operator, who puts it on the bus, or by "lading retention restore" into the queue; or our own.
    pattern: {
      source: ['lading.operator', 'lading.lifecycle'],
      'detail-type': ['Restore Requested', 'Release Requested'],
    },
    batchSize: 1,
    maxConcurrency: 2,
  },
  memoryMb: 512,
  timeoutSeconds: 300,
  uses: [
    { table: 'catalog', access: 'read-write' },
    { table: 'retention', access: 'read-write' },
    { bucket: 'archive', prefix: 'images/', access: 'read' },
    { registry: 'push' },
    { registry: 'delete' },
    { registry: 'archive' },
    { setting: 'registries' },
    { setting: 'retention' },
    { bus: 'lading' },
  ],
});
