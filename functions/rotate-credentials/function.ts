import { defineFunction } from '../_pipe/function.ts';

export const rotateCredentials = defineFunction({
  name: 'rotate-credentials',
  description: 'Replaces the credentials of registries that can mint them, and withdraws the old ones later',
  trigger: { kind: 'schedule', setting: 'rotateCredentials' },
  onlyWith: 'rotated credentials',
  memoryMb: 512,
  // No longer than a rotation's lease: a run that is killed must have ended when the next one begins.
  timeoutSeconds: 300,
  uses: [
    { table: 'work', access: 'read-write' },
    { table: 'credentials', access: 'write' },
    { rotation: 'credentials' },
    { setting: 'rotation' },
    { bus: 'lading' },
  ],
});
