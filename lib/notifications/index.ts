export {
  type NotificationsConfig,
  type NotificationWebhook,
  notificationsConfigSchema,
} from './config.ts';
export { describeEvent } from './describe-event.ts';
export { digested, sendDigests } from './digests.ts';
export type {
  NotifiableEvent,
  Notification,
  NotificationRule,
  PlannedNotification,
  Severity,
} from './model.ts';
export { type NotifyPorts, type NotifyRequest, type NotifyResult, notify } from './notify.ts';
export { notificationsFor, rulesOf } from './plan-notifications.ts';
export type { Channel, DigestQueue } from './ports.ts';
