import { defineFunction } from '../_pipe/function.ts';

export const attestImage = defineFunction({
  name: 'attest-image',
  description:
    'Says what is known of an image in signed statements: SBOM, scan, provenance, and the verdict until when',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.signing', 'lading.policy', 'lading.provenance'],
      'detail-type': ['Image Signed', 'Gate Decided', 'Signature Requested', 'Provenance Recorded'],
      // What a stranger says of a build changes nothing that we say.
      detail: { data: { authenticity: [{ exists: false }, { 'anything-but': ['untrusted'] }] } },
    },
    batchSize: 10,
    maxConcurrency: 5,
  },
  memoryMb: 1024,
  timeoutSeconds: 120,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'signatures', access: 'read-write' },
    { table: 'verdicts', access: 'read' },
    { bucket: 'documents', prefix: 'attestations/', access: 'read-write' },
    { bucket: 'documents', prefix: 'scans/', access: 'read' },
    { bucket: 'documents', prefix: 'sboms/', access: 'read' },
    { bucket: 'documents', prefix: 'advisories/', access: 'read' },
    { key: 'signing', access: 'sign' },
    { key: 'postQuantum', access: 'sign' },
    { registry: 'push' },
    { registry: 'delete' },
    { setting: 'registries' },
    { setting: 'trust' },
    { bus: 'lading' },
  ],
});
