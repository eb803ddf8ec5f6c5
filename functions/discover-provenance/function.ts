import { defineFunction } from '../_pipe/function.ts';

export const discoverProvenance = defineFunction({
  name: 'discover-provenance',
  description:
    'Finds the provenance that BuildKit put into an index or that others signed, and keeps it for its images',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      $or: [
        // Who pushed, where a registry tells of it.
        { source: ['lading.intake'], 'detail-type': ['Image Pushed'], detail: { data: { actor: [{ exists: true }] } } },
        {
          source: ['lading.inventory'],
          'detail-type': ['Image Cataloged'],
          detail: { data: { artifactClass: ['index'], replicaOf: [{ exists: false }] } },
        },
        {
          source: ['lading.inventory'],
          'detail-type': ['Image Cataloged'],
          detail: {
            data: {
              artifactClass: ['attestation'],
              predicateType: ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v0.2'],
              replicaOf: [{ exists: false }],
            },
          },
        },
        {
          source: ['lading.inventory'],
          'detail-type': ['Image Cataloged'],
          detail: { data: { subject: { tags: [{ suffix: '.att' }] }, replicaOf: [{ exists: false }] } },
        },
      ],
    },
    batchSize: 10,
    maxConcurrency: 2,
  },
  memoryMb: 512,
  timeoutSeconds: 60,
  uses: [
    { table: 'signatures', access: 'read-write' },
    { bucket: 'documents', prefix: 'attestations/', access: 'read-write' },
    { registry: 'pull' },
    { setting: 'registries' },
    { setting: 'provenance' },
    { bus: 'lading' },
  ],
});
