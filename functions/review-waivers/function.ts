import { defineFunction } from '../_pipe/function.ts';

export const reviewWaivers = defineFunction({
  name: 'review-waivers',
  description: 'Tells which waivers and exceptions ended, so that the gate decides again about what they held open',
  trigger: { kind: 'schedule', setting: 'reviewWaivers' },
  memoryMb: 256,
  timeoutSeconds: 60,
  uses: [{ table: 'verdicts', access: 'read-write' }, { setting: 'policy' }, { bus: 'lading' }],
});
