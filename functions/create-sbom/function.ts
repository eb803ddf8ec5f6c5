import { defineFunction } from '../_pipe/function.ts';

export const createSbom = defineFunction({
  name: 'create-sbom',
  description: 'Reads the layers that were never read before and makes the SBOM of an image',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.inventory'],
      'detail-type': ['Image Cataloged'],
      detail: { data: { artifactClass: ['image', 'index'], replicaOf: [{ exists: false }] } },
    },
    batchSize: 5,
    maxConcurrency: 5,
  },
  memoryMb: 1769,
  timeoutSeconds: 300,
  uses: [
    { table: 'work', access: 'read-write' },
    { bucket: 'documents', prefix: 'layers/', access: 'read-write' },
    { bucket: 'documents', prefix: 'sboms/', access: 'write' },
    { registry: 'pull' },
    { setting: 'registries' },
    { bus: 'lading' },
  ],
});
