import { defineFunction } from '../_pipe/function.ts';

export const planRetention = defineFunction({
  name: 'plan-retention',
  description: 'Plans what retention keeps and what it would delete, per repository; keeps house in the archive',
  trigger: { kind: 'schedule', setting: 'planRetention' },
  memoryMb: 1769,
  timeoutSeconds: 300,
  uses: [
    { table: 'catalog', access: 'read-write' },
    { table: 'retention', access: 'read-write' },
    { table: 'work', access: 'read' },
    { table: 'audit', access: 'read' },
    { workloads: 'read' },
    { bucket: 'documents', prefix: 'plans/', access: 'write' },
    { bucket: 'documents', prefix: 'inventory/', access: 'write' },
    { bucket: 'archive', prefix: 'images/', access: 'read-write', removes: true },
    // What is in an archival class of its registry, and was kept there long enough, is deleted.
    { registry: 'delete' },
    { setting: 'retention' },
    { setting: 'storage' },
    { setting: 'cost' },
    { setting: 'registries' },
    { bus: 'lading' },
  ],
});
