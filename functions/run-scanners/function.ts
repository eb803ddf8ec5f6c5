import { defineFunction } from '../_pipe/function.ts';

export const runScanners = defineFunction({
  name: 'run-scanners',
  description: 'Sets other scanners to work on images, looks whether they have ended, and takes their reports as votes',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: ['lading.sbom', 'lading.scanners'],
      'detail-type': ['SBOM Created', 'Scan Requested', 'Scanner Runs Due'],
    },
    batchSize: 1,
    maxConcurrency: 2,
  },
  onlyWith: 'scanners',
  memoryMb: 1024,
  // Clair answers when it has read the layers, and a tick has many runs to look at.
  timeoutSeconds: 600,
  uses: [
    { table: 'work', access: 'read-write', index: true },
    { table: 'verdicts', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { bucket: 'documents', prefix: 'sboms/of/', access: 'read' },
    // What generators make is kept beside ours, whose pointers it cannot move.
    { bucket: 'documents', prefix: 'sboms/documents/', access: 'read-write' },
    { bucket: 'documents', prefix: 'sboms/external/', access: 'read-write' },
    { bucket: 'documents', prefix: 'scanner-reports/', access: 'read' },
    { registry: 'pull' },
    { scanners: 'run' },
    { setting: 'scanners' },
    { setting: 'registries' },
    { bus: 'lading' },
  ],
});
