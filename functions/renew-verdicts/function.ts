import { defineFunction } from '../_pipe/function.ts';

export const renewVerdicts = defineFunction({
  name: 'renew-verdicts',
  description:
    'Renews verdicts before they end, or lets them lapse; asks for signatures that today’s keys have not made',
  trigger: { kind: 'schedule', setting: 'renewVerdicts' },
  memoryMb: 1769,
  timeoutSeconds: 900,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'signatures', access: 'read-write', index: true },
    { table: 'verdicts', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { table: 'scans', access: 'read-write' },
    { bucket: 'documents', prefix: 'attestations/', access: 'read-write' },
    { bucket: 'documents', prefix: 'scans/', access: 'read-write' },
    { bucket: 'documents', prefix: 'sboms/', access: 'read' },
    { bucket: 'documents', prefix: 'advisories/', access: 'read' },
    { bucket: 'documents', prefix: 'verdicts/', access: 'write' },
    { key: 'signing', access: 'sign' },
    { key: 'postQuantum', access: 'sign' },
    { registry: 'push' },
    { registry: 'delete' },
    { setting: 'registries' },
    { setting: 'trust' },
    { setting: 'policy' },
    { bus: 'lading' },
  ],
});
