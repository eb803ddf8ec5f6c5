import { notifiableEvents } from '../../lib/notifications/config.ts';
import { defineFunction } from '../_pipe/function.ts';

export const notify = defineFunction({
  name: 'notify',
  description: 'Tells people and systems what they asked to hear of',
  trigger: {
    kind: 'events',
    bus: 'lading',
    pattern: {
      source: [{ prefix: 'lading.' }],
      'detail-type': [...notifiableEvents],
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
