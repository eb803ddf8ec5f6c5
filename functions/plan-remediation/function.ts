import { defineFunction } from '../_pipe/function.ts';

export const planRemediation = defineFunction({
  name: 'plan-remediation',
  description:
    'Plans the smallest change that clears the most findings of an image, and asks for it where rules say so',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: { source: ['lading.vulnerabilities'], 'detail-type': ['Findings Changed'] },
    batchSize: 5,
    maxConcurrency: 2,
  },
  memoryMb: 1024,
  timeoutSeconds: 60,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'catalog', access: 'read', index: true },
    { table: 'scans', access: 'read' },
    { table: 'retention', access: 'read' },
    { bucket: 'documents', prefix: 'scans/', access: 'read' },
    { bucket: 'documents', prefix: 'sboms/', access: 'read' },
    { registry: 'push' },
    { secret: 'integrations' },
    { builds: 'remediation' },
    { setting: 'registries' },
    { setting: 'remediation' },
    { bus: 'lading' },
  ],
});
