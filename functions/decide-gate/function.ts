import { defineFunction } from '../_pipe/function.ts';

export const decideGate = defineFunction({
  name: 'decide-gate',
  description: 'Decides by policy whether an image may run, with reasons and recorded inputs',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.vulnerabilities', 'lading.policy'],
      'detail-type': ['Scan Completed', 'Findings Changed', 'Gate Inputs Changed'],
    },
    batchSize: 10,
    maxConcurrency: 5,
  },
  memoryMb: 512,
  timeoutSeconds: 30,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'verdicts', access: 'read-write' },
    { table: 'scans', access: 'read' },
    { bucket: 'documents', prefix: 'scans/', access: 'read' },
    { bucket: 'documents', prefix: 'verdicts/', access: 'write' },
    { setting: 'policy' },
    { bus: 'lading' },
  ],
});
