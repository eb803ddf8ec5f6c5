import { defineFunction } from '../_pipe/function.ts';

export const discoverProvenance = defineFunction({
  name: 'discover-provenance',
  description: 'Finds the provenance that BuildKit put into an index, and keeps it for the images that it is about',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.inventory'],
      'detail-type': ['Image Cataloged'],
      detail: { data: { artifactClass: ['index'], replicaOf: [{ exists: false }] } },
    },
    batchSize: 10,
    maxConcurrency: 2,
  },
  memoryMb: 512,
  timeoutSeconds: 60,
  uses: [
    { table: 'signatures', access: 'write' },
    { bucket: 'documents', prefix: 'attestations/', access: 'write' },
    { registry: 'pull' },
    { setting: 'registries' },
    { setting: 'provenance' },
    { bus: 'lading' },
  ],
});
