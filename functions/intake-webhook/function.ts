import { defineFunction } from '../_pipe/function.ts';

export const intakeWebhook = defineFunction({
  name: 'intake-webhook',
  description: 'Takes in push notifications of registries, authenticated by a signature over the raw body',
  trigger: { kind: 'http', routes: [{ method: 'POST', path: '/webhooks/{source}', auth: 'signed' }] },
  memoryMb: 512,
  timeoutSeconds: 15,
  uses: [
    { table: 'deliveries', access: 'read-write' },
    { secret: 'webhooks' },
    { registry: 'pull' },
    { setting: 'registries' },
    { bus: 'lading' },
  ],
});
