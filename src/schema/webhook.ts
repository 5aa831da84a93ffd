import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/global-ids.js';
import {
  ANNOUNCED,
  DELIVERED_EVENTS,
  type DeliveredEvent,
  partsOf,
  WEBHOOK_DELIVERY_STATES,
  WEBHOOK_EVENTS,
  type WebhookDeliveryState,
  type WebhookEvent,
} from '../domain/webhooks.js';
import type { Webhook, WebhookDelivery } from '../entities/index.js';
import { connectionType } from './connections.js';
import { choices } from './enum-types.js';
import { filterInput } from './filter-input.js';
import { idInput, payloadType } from './mutation-types.js';
import { Node } from './node.js';
import { DateTimeFilter, EQUALITY, IdFilter, operators, TextFilter } from './operators.js';
import { DateTime } from './scalars.js';

const MEANINGS: Record<WebhookEvent, string> = {
  GENERATION_SUCCEEDED: 'A generation is made.',
  GENERATION_FAILED: 'A generation is given up.',
  GENERATION_CANCELED: 'A generation was stopped on request.',
  BATCH_SUCCEEDED: 'All of a batch is made.',
  BATCH_PARTIAL: 'A batch has ended, and some of it is not made.',
  BATCH_FAILED: 'A batch has ended, and nothing of it is made.',
  BATCH_CANCELED: 'A batch was stopped on request.',
  BATCH_PAUSED: 'A batch was paused, or paused itself because its first generations failed alike.',
  EVALUATION_SUCCEEDED: 'An evaluation has its report.',
  EVALUATION_FAILED: 'An evaluation is given up.',
  EVALUATION_CANCELED: 'An evaluation was stopped on request.',
  EXPORT_SUCCEEDED: 'The file of an export is there.',
  EXPORT_FAILED: 'An export is given up.',
  EXPORT_CANCELED: 'An export was stopped on request.',
};

export const WebhookEventEnum = choices('WebhookEvent', WEBHOOK_EVENTS, 'What a webhook is told of.', MEANINGS);

export const DeliveredEventEnum = choices('DeliveredEvent', DELIVERED_EVENTS, 'What a message to a webhook tells of.', {
  ...MEANINGS,
  WEBHOOK_TEST: 'Nothing: somebody tried the webhook.',
});

export const WebhookDeliveryStateEnum = choices(
  'WebhookDeliveryState',
  WEBHOOK_DELIVERY_STATES,
  'Life of a message to a webhook.',
  {
    QUEUED: 'Waits for its turn, or to be tried again.',
    RUNNING: 'A server sends it.',
    SUCCEEDED: 'The receiver has answered with a status from 200 to 299.',
    FAILED: 'Given up; `error` says why.',
    CANCELED: 'Not sent, because the webhook was disabled.',
  },
);

@ObjectType('Webhook', {
  implements: Node,
  simpleResolvers: true,
  description: 'An address that is told how work ends, by messages that are signed as Standard Webhooks have it.',
})
export class WebhookNode extends Node {
  @Field(() => String, { description: 'Where messages are sent, by POST.' })
  url: string;

  @Field(() => String, { description: 'What it is for, in the words of whoever made it.' })
  description: string;

  @Field(() => [WebhookEventEnum], { description: 'What it is told of.' })
  events: WebhookEvent[];

  @Field(() => Boolean, { description: "Whether it is told of everybody's work, and not of its owner's alone." })
  everybodys: boolean;

  @Field(() => Boolean, { description: 'Whether it is told of what happens.' })
  enabled: boolean;

  @Field(() => String, { nullable: true, description: 'One sentence that says why it is disabled; null otherwise.' })
  disabledReason: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was disabled; null otherwise.' })
  disabledAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Since when no message has reached it; null after a success.' })
  failingSince: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when messages are signed with the secret before the last change, too; null before the first.',
  })
  previousSecretUntil: Date | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt: Date;

  constructor(readonly row: Webhook) {
    super('Webhook', row.id);
    this.url = row.url;
    this.description = row.description;
    this.events = row.events;
    this.everybodys = row.everybodys;
    this.enabled = row.disabledAt === null;
    this.disabledReason = row.disabledReason;
    this.disabledAt = row.disabledAt;
    this.failingSince = row.failingSince;
    this.previousSecretUntil = row.previousSecretUntil;
    this.createdAt = row.createdAt;
  }
}

@ObjectType('WebhookDelivery', {
  implements: Node,
  simpleResolvers: true,
  description: 'A message to a webhook: sent at least once, each time under the same id.',
})
export class WebhookDeliveryNode extends Node {
  @Field(() => WebhookDeliveryStateEnum, { description: 'Current state.' })
  state: WebhookDeliveryState;

  @Field(() => DeliveredEventEnum, { description: 'What it tells of.' })
  event: DeliveredEvent;

  @Field(() => String, { description: 'What the receiver knows it by: the header webhook-id.' })
  messageId: string;

  @Field(() => ID, { description: 'Node id of what it is about, as the message has it.' })
  subjectId: string;

  @Field(() => DateTime, { description: 'When that happened which it tells of.' })
  happenedAt: Date;

  @Field(() => Int, { description: 'How often it was sent, or begun to be.' })
  attempts: number;

  @Field(() => Int, { nullable: true, description: 'HTTP status of the last answer; null before there is one.' })
  responseStatus: number | null;

  @Field(() => String, { nullable: true, description: 'Beginning of the last answer, at most 1 kB.' })
  responseBody: string | null;

  @Field(() => String, { nullable: true, description: 'One sentence that says why it failed.' })
  error: string | null;

  @Field(() => String, { nullable: true, description: 'One sentence that says why it is to be tried again.' })
  waitingReason: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it is tried again at the earliest.' })
  notBefore: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it reached a final state; null before.' })
  finishedAt: Date | null;

  constructor(readonly row: WebhookDelivery) {
    super('WebhookDelivery', row.id);
    this.state = row.state;
    this.event = row.event;
    this.messageId = `msg_${row.messageId}`;
    this.subjectId = encodeId(ANNOUNCED[partsOf(row.event).kind]!, row.subject);
    this.happenedAt = row.happenedAt;
    this.attempts = row.attempt;
    this.responseStatus = row.responseStatus;
    this.responseBody = row.responseBody;
    this.error = row.error;
    this.waitingReason = row.waitingReason;
    this.notBefore = row.notBefore;
    this.finishedAt = row.finishedAt;
  }
}

export const WebhookConnection = connectionType('Webhook', () => WebhookNode);
export const WebhookDeliveryConnection = connectionType('WebhookDelivery', () => WebhookDeliveryNode);

const WebhookDeliveryStateFilter = operators('WebhookDeliveryStateFilter', () => WebhookDeliveryStateEnum, EQUALITY);
const DeliveredEventFilter = operators('DeliveredEventFilter', () => DeliveredEventEnum, EQUALITY);

export const WebhookFilter = filterInput('WebhookFilter', 'Selects webhooks.', () => WebhookFilter, {
  id: [IdFilter, 'Node id.'],
  url: [TextFilter, 'Where messages are sent.'],
  createdAt: [DateTimeFilter, 'When it was made.'],
});

export const WebhookDeliveryFilter = filterInput(
  'WebhookDeliveryFilter',
  'Selects messages to webhooks.',
  () => WebhookDeliveryFilter,
  {
    id: [IdFilter, 'Node id.'],
    webhook: [IdFilter, 'The webhook that it is for.'],
    state: [WebhookDeliveryStateFilter, 'State.'],
    event: [DeliveredEventFilter, 'What it tells of.'],
    createdAt: [DateTimeFilter, 'When that happened which it tells of.'],
    finishedAt: [DateTimeFilter, 'When it reached a final state.'],
  },
);

@InputType({ description: 'A webhook to be made.' })
export class CreateWebhookInput {
  @Field(() => String, {
    description: 'An address with https, on port 443 or 8443, that resolves to public addresses.',
  })
  url!: string;

  @Field(() => [WebhookEventEnum], { description: 'What it is to be told of; at least one.' })
  events!: WebhookEvent[];

  @Field(() => String, { nullable: true, description: 'What it is for, at most 200 characters; default: empty.' })
  description?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether it is told of everybody's work, for administrators; default: of one's own.",
  })
  everybodys?: boolean | null;
}

@InputType({ description: 'What is to change of a webhook; what is left out stays.' })
export class UpdateWebhookInput {
  @Field(() => ID, { description: 'Node id of the webhook.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'As `createWebhook` takes it.' })
  url?: string | null;

  @Field(() => [WebhookEventEnum], { nullable: true, description: 'All that it is to be told of; at least one.' })
  events?: WebhookEvent[] | null;

  @Field(() => String, { nullable: true, description: 'What it is for, at most 200 characters.' })
  description?: string | null;

  @Field(() => Boolean, { nullable: true, description: "Whether it is told of everybody's work; for administrators." })
  everybodys?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'false: nothing is sent, and what happens meanwhile is not told later; true: it is told again.',
  })
  enabled?: boolean | null;
}

export interface WebhookPayload {
  webhook: WebhookNode;
}
export interface WebhookSecretPayload extends WebhookPayload {
  secret: string;
}
export interface DeletedWebhookPayload {
  deletedWebhookId: string;
}
export interface WebhookDeliveryPayload {
  delivery: WebhookDeliveryNode;
}

export const CreateWebhookPayload = payloadType<WebhookSecretPayload>('createWebhook', {
  webhook: [() => WebhookNode, 'The webhook.'],
  secret: [() => String, 'With which a receiver checks signatures, "whsec_..."; shown this once.'],
});
export const UpdateWebhookPayload = payloadType<WebhookPayload>('updateWebhook', {
  webhook: [() => WebhookNode, 'The webhook as it is now.'],
});
export const RotateWebhookSecretInput = idInput('rotateWebhookSecret', 'webhook');
export const RotateWebhookSecretPayload = payloadType<WebhookSecretPayload>('rotateWebhookSecret', {
  webhook: [() => WebhookNode, 'The webhook.'],
  secret: [() => String, 'The new secret; shown this once.'],
});
export const DeleteWebhookInput = idInput('deleteWebhook', 'webhook');
export const DeleteWebhookPayload = payloadType<DeletedWebhookPayload>('deleteWebhook', {
  deletedWebhookId: [() => ID, 'Node id of the webhook that is gone, with its deliveries.'],
});
export const TestWebhookInput = idInput('testWebhook', 'webhook');
export const TestWebhookPayload = payloadType<WebhookDeliveryPayload>('testWebhook', {
  delivery: [() => WebhookDeliveryNode, 'The message, which waits for its turn.'],
});
export const RedeliverWebhookInput = idInput('redeliverWebhook', 'delivery');
export const RedeliverWebhookPayload = payloadType<WebhookDeliveryPayload>('redeliverWebhook', {
  delivery: [() => WebhookDeliveryNode, 'The message, which waits for its turn.'],
});
