import { scanEventPattern } from '../../lib/scanners/ecr-scan-event.ts';
import { defineFunction } from '../_pipe/function.ts';

export const intakeScans = defineFunction({
  name: 'intake-scans',
  description:
    'Fetches what ECR or Inspector found when they say that a scan ended, and tells which tasks of scanners did',
  trigger: { kind: 'events', bus: 'default', pattern: scanEventPattern, batchSize: 10, maxConcurrency: 2 },
  memoryMb: 512,
  timeoutSeconds: 60,
  uses: [
    { table: 'verdicts', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { registry: 'findings' },
    { setting: 'registries' },
    { bus: 'lading' },
  ],
});
