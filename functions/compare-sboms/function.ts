import { defineFunction } from '../_pipe/function.ts';

export const compareSboms = defineFunction({
  name: 'compare-sboms',
  description:
    'Finds SBOMs that others made and compares them with ours, judges ours, and lets them go with their image',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      $or: [
        { source: ['lading.sbom'], 'detail-type': ['SBOM Created'] },
        {
          source: ['lading.sbom'],
          'detail-type': ['SBOM Received'],
          detail: { data: { sbom: { origin: ['upload', 'task'] } } },
        },
        {
          source: ['lading.inventory'],
          'detail-type': ['Image Cataloged'],
          detail: {
            data: { artifactClass: ['sbom'], referrerOf: [{ exists: true }], replicaOf: [{ exists: false }] },
          },
        },
        { source: ['lading.intake'], 'detail-type': ['Image Deleted'] },
        { source: ['lading.lifecycle'], 'detail-type': ['Image Expired'] },
        {
          source: ['lading.inventory'],
          'detail-type': ['Image Cataloged'],
          detail: { data: { subject: { tags: [{ suffix: '.att' }, { suffix: '.sbom' }] } } },
        },
        {
          source: ['lading.inventory'],
          'detail-type': ['Image Cataloged'],
          detail: {
            data: {
              artifactClass: ['attestation'],
              predicateType: [
                { prefix: 'https://cyclonedx.org/' },
                { prefix: 'https://spdx.dev/Document' },
                { prefix: 'https://syft.dev/' },
              ],
              replicaOf: [{ exists: false }],
            },
          },
        },
      ],
    },
    batchSize: 10,
    // Nobody waits for it; what came together is worked on together, when the stages that somebody waits for are over.
    batchWindowSeconds: 1,
    maxConcurrency: 2,
  },
  memoryMb: 1024,
  timeoutSeconds: 120,
  uses: [
    { table: 'work', access: 'read-write' },
    { bucket: 'documents', prefix: 'layers/', access: 'read' },
    { bucket: 'documents', prefix: 'sboms/', access: 'read-write', removes: true },
    // Where else a deleted image is, and what was attached to it.
    { table: 'catalog', access: 'read' },
    { table: 'signatures', access: 'read' },
    // Our statements about what is gone are removed.
    { registry: 'delete' },
    { setting: 'registries' },
    { setting: 'sboms' },
    { bus: 'lading' },
  ],
});
