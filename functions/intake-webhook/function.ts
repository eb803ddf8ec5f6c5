import { defineFunction } from '../_pipe/function.ts';

export const intakeWebhook = defineFunction({
  name: 'intake-webhook',
  description: 'Takes in push notifications of registries, each authenticated as its sender does',
  trigger: {
    kind: 'http',
    routes: [
      { method: 'POST', path: '/webhooks/{source}', auth: 'signed' },
      // Some senders ask first whether they may send (CloudEvents HTTP webhooks 1.0).
      { method: 'OPTIONS', path: '/webhooks/{source}', auth: 'signed' },
    ],
  },
  memoryMb: 512,
  timeoutSeconds: 15,
  uses: [
    { table: 'deliveries', access: 'read-write' },
    { secret: 'webhooks' },
    { registry: 'pull' },
    { setting: 'registries' },
    { setting: 'intake' },
    { bus: 'lading' },
  ],
});
