import { defineFunction } from '../_pipe/function.ts';

export const reconcile = defineFunction({
  name: 'reconcile',
  description:
    'Finds what no event told: pushes, stages that stopped, tags that moved, replicas that differ, budgets used up',
  trigger: { kind: 'schedule', setting: 'reconcile' },
  memoryMb: 1024,
  timeoutSeconds: 300,
  uses: [
    { table: 'work', access: 'read' },
    { table: 'catalog', access: 'read' },
    { table: 'replicas', access: 'read-write' },
    { table: 'deliveries', access: 'read-write' },
    { table: 'audit', access: 'read' },
    { registry: 'list' },
    { setting: 'registries' },
    { setting: 'replication' },
    { setting: 'intake' },
    { setting: 'storage' },
    { setting: 'cost' },
    { bus: 'lading' },
  ],
});
