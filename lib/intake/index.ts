export { type EcrReading, ecrHost, readEcrEvent } from './read-ecr-event.ts';
export {
  type DeliveryLog,
  MAX_WEBHOOK_BYTES,
  receiveWebhook,
  type WebhookAnswer,
  type WebhookPorts,
  type WebhookRequest,
} from './receive-webhook.ts';
