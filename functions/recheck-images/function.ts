import { defineFunction } from '../_pipe/function.ts';

export const recheckImages = defineFunction({
  name: 'recheck-images',
  description: 'Finds the images that a waiver is about, when one is given, taken back or ends',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: { source: ['lading.policy'], 'detail-type': ['Waiver Changed'] },
    batchSize: 1,
    maxConcurrency: 2,
  },
  memoryMb: 1024,
  timeoutSeconds: 300,
  uses: [
    { table: 'scans', access: 'read', index: true },
    { table: 'verdicts', access: 'read' },
    { bucket: 'documents', prefix: 'scans/', access: 'read' },
    { bus: 'lading' },
  ],
});
