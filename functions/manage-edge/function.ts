import { defineFunction } from '../_pipe/function.ts';

export const manageEdge = defineFunction({
  name: 'manage-edge',
  description: 'What operators do with edge sites: register, revise, revoke, explain, and take reports in by file',
  trigger: {
    kind: 'http',
    routes: [
      { method: 'GET', path: '/api/edge/sites', auth: 'iam' },
      { method: 'POST', path: '/api/edge/sites', auth: 'iam' },
      { method: 'POST', path: '/api/edge/sites/{site}/revise', auth: 'iam' },
      { method: 'POST', path: '/api/edge/sites/{site}/revoke', auth: 'iam' },
      { method: 'GET', path: '/api/edge/sites/{site}/plan', auth: 'iam' },
      { method: 'GET', path: '/api/edge/sites/{site}/desired', auth: 'iam' },
      { method: 'GET', path: '/api/edge/sites/{site}/report', auth: 'iam' },
      { method: 'POST', path: '/api/edge/sites/{site}/reports', auth: 'iam' },
      { method: 'POST', path: '/api/edge/plans', auth: 'iam' },
    ],
  },
  onlyWith: 'edge',
  memoryMb: 1024,
  timeoutSeconds: 29,
  uses: [
    { table: 'replicas', access: 'read-write' },
    { table: 'catalog', access: 'read' },
    { table: 'work', access: 'read' },
    { table: 'retention', access: 'read' },
    { table: 'signatures', access: 'read' },
    { bucket: 'documents', prefix: 'edge/', access: 'read-write', removes: true },
    { setting: 'edge' },
    { bus: 'lading' },
  ],
});
