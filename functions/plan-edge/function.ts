import { defineFunction } from '../_pipe/function.ts';

export const planEdge = defineFunction({
  name: 'plan-edge',
  description: 'Decides what each edge site should hold, signs it, and puts it where sites fetch it',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.edge', 'lading.signing', 'lading.lifecycle', 'lading.policy', 'lading.inventory'],
      'detail-type': [
        'Edge Plans Due',
        'Edge Site Changed',
        // An image that can go out is known by its verdict; one that cannot any more, by what became of it.
        'Image Attested',
        'Image Expired',
        'Verdict Lapsed',
        'Gate Decided',
        // What is said of an image goes along with it, and is catalogued after it.
        'Image Cataloged',
      ],
      detail: {
        data: {
          // What the gate lets out is not signed yet.
          decision: [{ exists: false }, { 'anything-but': ['allow'] }],
          artifactClass: [{ exists: false }, 'attestation', 'sbom', 'signature'],
        },
      },
    },
    batchSize: 100,
    // A release is many images: one plan for all of them.
    batchWindowSeconds: 5,
    // Of two plans at once, the one that knows less could have the last word.
    maxConcurrency: 1,
  },
  onlyWith: 'edge',
  memoryMb: 1769,
  timeoutSeconds: 300,
  uses: [
    { table: 'replicas', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { table: 'work', access: 'read-write' },
    { table: 'retention', access: 'read-write' },
    { table: 'signatures', access: 'read-write' },
    { bucket: 'documents', prefix: 'edge/', access: 'read-write', removes: true },
    { key: 'signing', access: 'sign' },
    { key: 'postQuantum', access: 'sign' },
    { registry: 'push' },
    { setting: 'registries' },
    { setting: 'trust' },
    { setting: 'edge' },
    { bus: 'lading' },
  ],
});
