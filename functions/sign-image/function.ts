import { defineFunction } from '../_pipe/function.ts';

export const signImage = defineFunction({
  name: 'sign-image',
  description: 'Signs an image that the gate allowed: exact bytes recorded first, then attached',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      $or: [
        { source: ['lading.policy'], 'detail-type': ['Gate Decided'], detail: { data: { decision: ['allow'] } } },
        // An index with fewer platforms is another document than the one that was signed.
        {
          source: ['lading.replication'],
          'detail-type': ['Image Replicated'],
          detail: { data: { derived: [{ exists: true }] } },
        },
      ],
    },
    batchSize: 10,
    maxConcurrency: 5,
  },
  memoryMb: 512,
  timeoutSeconds: 60,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'signatures', access: 'read-write' },
    { key: 'signing', access: 'sign' },
    { key: 'postQuantum', access: 'sign' },
    { signer: 'profile' },
    { registry: 'push' },
    { setting: 'registries' },
    { setting: 'trust' },
    { setting: 'signing' },
    { bus: 'lading' },
  ],
});
