import { defineFunction } from '../_pipe/function.ts';

export const notify = defineFunction({
  name: 'notify',
  description: 'Tells people and systems what they asked to hear of',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: [{ prefix: 'lading.' }],
      'detail-type': [
        'Gate Decided',
        'Findings Changed',
        'Replica Diverged',
        'Verdict Lapsed',
        'Image Expired',
        'Remediation Planned',
        'Untrusted Image Started',
        'Key Revoked',
        'Budget Exceeded',
        'Backup Completed',
        'Registry Went Down',
        'Registry Recovered',
        'Retention Withheld',
      ],
    },
    batchSize: 10,
    maxConcurrency: 5,
  },
  memoryMb: 512,
  timeoutSeconds: 30,
  uses: [
    { table: 'deliveries', access: 'read-write' },
    { secret: 'notifications' },
    { secret: 'integrations' },
    { setting: 'notifications' },
    { targets: 'notifications' },
  ],
});
