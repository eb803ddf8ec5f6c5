import { defineFunction } from '../_pipe/function.ts';

export const api = defineFunction({
  name: 'api',
  description: 'Answers questions about images, stages, findings and events; serves the live page',
  trigger: {
    kind: 'http',
    routes: [
      { method: 'ANY', path: '/{proxy+}', auth: 'iam' },
      { method: 'GET', path: '/', auth: 'iam' },
    ],
  },
  // Of a registry with 100,000 tags a preview needs half of it.
  memoryMb: 1024,
  timeoutSeconds: 29,
  uses: [
    { table: 'catalog', access: 'read', index: true },
    { table: 'work', access: 'read' },
    { table: 'work', access: 'read', index: true, onlyWith: 'scanners' },
    { table: 'retention', access: 'read-write' },
    { table: 'replicas', access: 'read' },
    { table: 'audit', access: 'read' },
    { table: 'scans', access: 'read', index: true },
    { table: 'verdicts', access: 'read-write' },
    { bus: 'lading' },
    { bucket: 'documents', prefix: 'sboms/', access: 'read-write' },
    { bucket: 'documents', prefix: 'scans/', access: 'read' },
    { bucket: 'documents', prefix: 'plans/', access: 'read' },
    { bucket: 'documents', prefix: 'inventory/', access: 'read-write' },
    { bucket: 'documents', prefix: 'advisories/', access: 'read' },
    { bucket: 'documents', prefix: 'layers/', access: 'read' },
    { bucket: 'documents', prefix: 'contents/', access: 'read' },
    // Whether a pull of what its registry lacks asks for something that is archived.
    { bucket: 'archive', prefix: 'images/', access: 'read' },
    { key: 'signing', access: 'read' },
    { setting: 'registries' },
    { setting: 'replication' },
    { setting: 'retention' },
    { setting: 'remediation' },
    { setting: 'storage' },
    { setting: 'cost' },
    { setting: 'scanners', onlyWith: 'scanners' },
  ],
});
