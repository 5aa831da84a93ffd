import type { NodeType } from './global-ids.js';

/** What a webhook can be told of, as the API names it. */
export const WEBHOOK_EVENTS = [
  'GENERATION_SUCCEEDED',
  'GENERATION_FAILED',
  'GENERATION_CANCELED',
  'BATCH_SUCCEEDED',
  'BATCH_PARTIAL',
  'BATCH_FAILED',
  'BATCH_CANCELED',
  'BATCH_PAUSED',
  'EVALUATION_SUCCEEDED',
  'EVALUATION_FAILED',
  'EVALUATION_CANCELED',
  'EXPORT_SUCCEEDED',
  'EXPORT_FAILED',
  'EXPORT_CANCELED',
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** What a delivery tells of: an event, or nothing but that the webhook works. */
export const DELIVERED_EVENTS = [...WEBHOOK_EVENTS, 'WEBHOOK_TEST'] as const;
export type DeliveredEvent = (typeof DELIVERED_EVENTS)[number];

/** Life of a message to a webhook. */
export const WEBHOOK_DELIVERY_STATES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type WebhookDeliveryState = (typeof WEBHOOK_DELIVERY_STATES)[number];

/** Kinds of work that webhooks are told of, as the first word of their events, and what their ids are ids of. */
export const ANNOUNCED: Readonly<Record<string, NodeType>> = {
  GENERATION: 'Generation',
  BATCH: 'Batch',
  EVALUATION: 'Evaluation',
  EXPORT: 'Export',
  WEBHOOK: 'Webhook',
};

/** An event as a message calls it: "generation.succeeded". */
export function messageType(event: DeliveredEvent): string {
  const { kind, state } = partsOf(event);
  return `${kind}.${state}`.toLowerCase();
}

/** The event that a message calls so; undefined for none that webhooks can be told of. */
export function eventOfType(type: string): WebhookEvent | undefined {
  return WEBHOOK_EVENTS.find((event) => messageType(event) === type);
}

/** Which kind of work has come to which state: the first word of an event, and the second. */
export function partsOf(event: DeliveredEvent): { kind: string; state: string } {
  const [kind = '', state = ''] = event.split('_');
  return { kind, state };
}
