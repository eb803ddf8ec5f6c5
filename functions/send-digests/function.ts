import { defineFunction } from '../_pipe/function.ts';

export const sendDigests = defineFunction({
  name: 'send-digests',
  description: 'Tells channels together of what waited for them',
  trigger: { kind: 'schedule', setting: 'sendDigests' },
  memoryMb: 256,
  timeoutSeconds: 60,
  uses: [
    { table: 'deliveries', access: 'read-write' },
    { secret: 'integrations' },
    { setting: 'notifications' },
    { targets: 'notifications' },
  ],
});
