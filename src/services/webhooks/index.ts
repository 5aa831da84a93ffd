/** The only door to webhooks for other layers. */
export {
  DELIVERY_LISTING,
  deliveriesFor,
  findDelivery,
  redeliverWebhook,
  testWebhook,
  WEBHOOK_DELIVERIES,
} from './deliveries.js';
export {
  createWebhook,
  deleteWebhook,
  findWebhook,
  rotateWebhookSecret,
  updateWebhook,
  type WebhookSettings,
  WEBHOOK_LISTING,
  WEBHOOKS,
  webhooksFor,
} from './endpoints.js';
export { DELIVERY_TIMINGS, type PostWebhook, type WebhookAnswer, WEBHOOK_DELIVERY } from './kind.js';
export { announcing } from './outbox.js';
