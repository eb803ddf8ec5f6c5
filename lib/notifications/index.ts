export {
  type NotificationsConfig,
  type NotificationWebhook,
  notifiableEvents,
  notificationsConfigSchema,
} from './config.ts';
export { describeEvent } from './describe-event.ts';
export { type NotificationErrorCode, notificationError } from './errors.ts';
export {
  LOG_CHANNEL,
  type NotifiableEvent,
  type Notification,
  type NotificationRule,
  type PlannedNotification,
  type Severity,
} from './model.ts';
export { type NotifyPorts, type NotifyRequest, type NotifyResult, notify } from './notify.ts';
export { notificationsFor, rulesOf } from './plan-notifications.ts';
export type { Channel } from './ports.ts';
