import { defineFunction } from '../_pipe/function.ts';

/** Small duties of one schedule: a function of its own for each would cost a stack a dozen resources more. */
export const keepAppointments = defineFunction({
  name: 'keep-appointments',
  description:
    'Does what is due: tells which waivers and exceptions ended and which scans are to be looked at, sends digests',
  trigger: { kind: 'schedule', setting: 'keepAppointments' },
  memoryMb: 256,
  timeoutSeconds: 60,
  uses: [
    { table: 'verdicts', access: 'read-write' },
    { table: 'deliveries', access: 'read-write' },
    { secret: 'integrations' },
    { setting: 'policy' },
    { setting: 'notifications' },
    { targets: 'notifications' },
    // Which runs of other scanners are to be looked at again.
    { table: 'work', access: 'read', index: true, onlyWith: 'scanners' },
    { setting: 'scanners', onlyWith: 'scanners' },
    { bus: 'lading' },
  ],
});
