import { defineFunction } from '../_pipe/function.ts';

/** Open to whoever comes: so it has the rights of a letter box, and what operators do is another function. */
export const serveSites = defineFunction({
  name: 'serve-sites',
  description: 'Tells edge sites what they should hold, and takes in what they hold, each by its own key',
  trigger: {
    kind: 'http',
    routes: [
      { method: 'GET', path: '/v1/edge/sites/{site}/desired', auth: 'signed' },
      { method: 'POST', path: '/v1/edge/sites/{site}/reports', auth: 'signed' },
    ],
  },
  onlyWith: 'edge',
  memoryMb: 512,
  timeoutSeconds: 29,
  uses: [
    { table: 'replicas', access: 'read-write' },
    { table: 'signatures', access: 'read' },
    { bucket: 'documents', prefix: 'edge/', access: 'read-write', removes: true },
    { setting: 'edge' },
    { bus: 'lading' },
  ],
});
