import { defineFunction } from '../_pipe/function.ts';

export const manageTrust = defineFunction({
  name: 'manage-trust',
  description: 'Tells which keys and algorithms vouch for which images, and takes a key out of trust',
  trigger: {
    kind: 'http',
    routes: [
      { method: 'GET', path: '/api/trust/keys', auth: 'iam' },
      { method: 'POST', path: '/api/trust/keys/revoke', auth: 'iam' },
      { method: 'GET', path: '/api/trust/crypto', auth: 'iam' },
      { method: 'GET', path: '/api/trust/built-from', auth: 'iam' },
      { method: 'GET', path: '/api/trust/verdict', auth: 'iam' },
    ],
  },
  memoryMb: 512,
  timeoutSeconds: 29,
  uses: [
    { table: 'signatures', access: 'read-write', index: true },
    { table: 'replicas', access: 'read' },
    { key: 'signing', access: 'read' },
    { key: 'postQuantum', access: 'read' },
    { setting: 'trust' },
    { bus: 'lading' },
  ],
});
