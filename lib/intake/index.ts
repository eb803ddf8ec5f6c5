export { type IntakeSource, intakeConfigSchema, type SenderKind, senderKinds } from './config.ts';
export { type ExampleRequest, exampleDelivery } from './example-delivery.ts';
export type { Notice, WebhookRequest, WebhookSender } from './model.ts';
export { type PollPorts, type PollResult, pollRegistry } from './poll-registry.ts';
export type { DeliveryLog, SigningKeys, WebhookPorts } from './ports.ts';
export { type EcrReading, ecrEventPattern, readEcrEvent } from './read-ecr-event.ts';
export { receiveWebhook, type WebhookAnswer } from './receive-webhook.ts';
export { GOOGLE_KEYS } from './senders/google.ts';
