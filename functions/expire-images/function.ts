import { defineFunction } from '../_pipe/function.ts';

export const expireImages = defineFunction({
  name: 'expire-images',
  description: 'Carries out retention plans: sets aside, deletes, puts back, each graph checked again at that moment',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.lifecycle'],
      'detail-type': ['Retention Planned'],
      detail: { data: { dryRun: [false], toDo: [{ numeric: ['>', 0] }] } },
    },
    batchSize: 1,
    maxConcurrency: 1,
  },
  memoryMb: 512,
  timeoutSeconds: 300,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'catalog', access: 'read-write' },
    { table: 'retention', access: 'read-write' },
    { bucket: 'documents', prefix: 'plans/', access: 'read' },
    { bucket: 'archive', prefix: 'images/', access: 'read-write', removes: true },
    { registry: 'push' },
    { registry: 'delete' },
    { registry: 'archive' },
    { setting: 'registries' },
    { setting: 'replication' },
    { setting: 'retention' },
    { bus: 'lading' },
  ],
});
