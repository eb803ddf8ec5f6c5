import { defineFunction } from '../_pipe/function.ts';

export const probeRegistries = defineFunction({
  name: 'probe-registries',
  description: 'Asks every registry a small question, and tells which ones went down or came back',
  trigger: { kind: 'schedule', setting: 'probeRegistries' },
  memoryMb: 512,
  timeoutSeconds: 60,
  uses: [
    { table: 'replicas', access: 'read-write' },
    { registry: 'pull' },
    { setting: 'registries' },
    { setting: 'availability' },
    { bus: 'lading' },
  ],
});
