import { defineFunction } from '../_pipe/function.ts';

export const recheckImages = defineFunction({
  name: 'recheck-images',
  description: 'Finds the images to decide on again when a waiver is given, taken back or ends, or VEX is attached',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      $or: [
        { source: ['lading.policy'], 'detail-type': ['Waiver Changed'] },
        {
          source: ['lading.inventory'],
          'detail-type': ['Image Cataloged'],
          detail: { data: { artifactClass: ['attestation'], referrerOf: [{ exists: true }] } },
        },
      ],
    },
    batchSize: 5,
    maxConcurrency: 2,
  },
  memoryMb: 1024,
  timeoutSeconds: 300,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'scans', access: 'read', index: true },
    { table: 'verdicts', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { bucket: 'documents', prefix: 'scans/', access: 'read' },
    { registry: 'pull' },
    { setting: 'registries' },
    { setting: 'policy' },
    { bus: 'lading' },
  ],
});
