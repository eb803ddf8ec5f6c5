import { defineFunction } from '../_pipe/function.ts';

export const resolveImages = defineFunction({
  name: 'resolve-images',
  description: 'Tells which registry is near, healthy and has an image whole, and how registries are',
  trigger: {
    kind: 'http',
    routes: [
      { method: 'GET', path: '/api/resolve', auth: 'iam' },
      { method: 'GET', path: '/api/registries', auth: 'iam' },
    ],
  },
  memoryMb: 512,
  timeoutSeconds: 29,
  uses: [
    { table: 'replicas', access: 'read', index: true },
    { registry: 'pull' },
    { setting: 'registries' },
    { setting: 'replication' },
    { setting: 'availability' },
  ],
});
