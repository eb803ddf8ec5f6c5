import { defineFunction } from '../_pipe/function.ts';

export const admitWorkloads = defineFunction({
  name: 'admit-workloads',
  description: 'Answers clusters that ask whether a workload may run: every image must have a verdict that stands',
  trigger: {
    kind: 'http',
    // Kubernetes signs nothing of its own: the last but one part is the secret that the webhook configuration holds.
    routes: [{ method: 'POST', path: '/admission/{token}/{action}', auth: 'signed' }],
  },
  memoryMb: 1024,
  timeoutSeconds: 10,
  uses: [
    { table: 'signatures', access: 'read' },
    { table: 'replicas', access: 'read', index: true },
    { secret: 'admission' },
    { registry: 'pull' },
    { revocations: 'aws-signer' },
    { setting: 'registries' },
    { setting: 'trust' },
    { setting: 'admission' },
    { setting: 'replication' },
    { setting: 'availability' },
  ],
});
