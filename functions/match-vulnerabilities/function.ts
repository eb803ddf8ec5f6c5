import { defineFunction } from '../_pipe/function.ts';

export const matchVulnerabilities = defineFunction({
  name: 'match-vulnerabilities',
  description: 'Matches a new SBOM against the advisories in force',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: { source: ['lading.sbom'], 'detail-type': ['SBOM Created'] },
    batchSize: 10,
    maxConcurrency: 5,
  },
  memoryMb: 1024,
  timeoutSeconds: 60,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'scans', access: 'read-write' },
    { table: 'packages', access: 'read-write' },
    { bucket: 'documents', prefix: 'sboms/', access: 'read' },
    { bucket: 'documents', prefix: 'scans/', access: 'read-write' },
    { bucket: 'documents', prefix: 'advisories/', access: 'read' },
    { bus: 'lading' },
  ],
});
