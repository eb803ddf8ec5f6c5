import { defineFunction } from '../_pipe/function.ts';

export const resignImages = defineFunction({
  name: 'resign-images',
  description: 'Asks, so many a run, for the signatures that the keys and algorithms of today have not made',
  trigger: { kind: 'schedule', setting: 'resignImages' },
  memoryMb: 512,
  timeoutSeconds: 300,
  uses: [
    { table: 'signatures', access: 'read-write', index: true },
    { table: 'catalog', access: 'read' },
    { key: 'signing', access: 'read' },
    { key: 'postQuantum', access: 'read' },
    { setting: 'trust' },
    { bus: 'lading' },
  ],
});
