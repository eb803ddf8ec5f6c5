import { defineFunction } from '../_pipe/function.ts';

export const rematchImages = defineFunction({
  name: 'rematch-images',
  description: 'Matches the images that new, changed or withdrawn advisories touch, from stored inventories',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: { source: ['lading.vulnerabilities'], 'detail-type': ['Advisories Updated'] },
    batchSize: 1,
    maxConcurrency: 2,
  },
  memoryMb: 1769,
  timeoutSeconds: 300,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'scans', access: 'read-write', index: true },
    { table: 'packages', access: 'read' },
    { table: 'catalog', access: 'read' },
    { bucket: 'documents', prefix: 'sboms/', access: 'read' },
    { bucket: 'documents', prefix: 'scans/', access: 'read-write' },
    { bucket: 'documents', prefix: 'advisories/', access: 'read' },
    { bucket: 'archive', prefix: 'images/', access: 'read' },
    { bus: 'lading' },
  ],
});
