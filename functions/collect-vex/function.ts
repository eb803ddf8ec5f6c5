import { defineFunction } from '../_pipe/function.ts';

export const collectVex = defineFunction({
  name: 'collect-vex',
  description: 'Takes in VEX attestations that trusted issuers attach to images',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.inventory'],
      'detail-type': ['Image Cataloged'],
      detail: { data: { artifactClass: ['attestation'], referrerOf: [{ exists: true }] } },
    },
    batchSize: 10,
    maxConcurrency: 2,
  },
  memoryMb: 512,
  timeoutSeconds: 60,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'verdicts', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { registry: 'pull' },
    { setting: 'registries' },
    { setting: 'policy' },
    { bus: 'lading' },
  ],
});
