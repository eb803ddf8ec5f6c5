import { defineFunction } from '../_pipe/function.ts';

export const recordAudit = defineFunction({
  name: 'record-audit',
  description: 'Appends every event to the hash-chained audit trail',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: { source: [{ prefix: 'lading.' }] },
    batchSize: 10,
    maxConcurrency: 1,
  },
  memoryMb: 512,
  timeoutSeconds: 60,
  uses: [
    { table: 'audit', access: 'read-write', batch: true },
    { bucket: 'evidence', prefix: 'audit/', access: 'read-write' },
  ],
});
