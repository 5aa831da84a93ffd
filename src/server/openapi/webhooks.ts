import { ANNOUNCED, DELIVERED_EVENTS, messageType, partsOf } from '../../domain/webhooks.js';
import { answer, type Json, parameter, TEXT } from './parts.js';

/** What receivers of webhooks are sent, by the type of the message. */
export function webhookMessages(): Record<string, Json> {
  return Object.fromEntries(
    DELIVERED_EVENTS.map((event) => {
      const type = messageType(event);
      const post = {
        tags: ['Webhooks'],
        operationId: `webhook_${type.replace('.', '_')}`,
        summary: `A message of the type ${type}`,
        description:
          'Signed as Standard Webhooks have it: HMAC-SHA256 over id, timestamp and body. It may come more than once, under the same webhook-id.',
        security: [],
        parameters: [
          header('webhook-id', 'What tells a message that comes again.'),
          header('webhook-timestamp', 'When it was sent, seconds since 1970.'),
          header('webhook-signature', 'Signatures, each as "v1," and base64, parted by blanks.'),
        ],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: messageSchema(type, partsOf(event)) } },
        },
        responses: {
          '2XX': answer('It was taken. Any other status has it sent again.'),
          '410': answer('Nothing more is wanted: the webhook is disabled.'),
        },
      };
      return [type, { post }];
    }),
  );
}

function header(name: string, description: string): Json {
  return { ...parameter('header', name, description), required: true };
}

const COUNT = { type: 'integer', minimum: 0 };

const COUNTERS = ['waiting', 'running', 'succeeded', 'reused', 'failed', 'canceled', 'impossible'];

/** What a message says beside what it is about, by the kind of work. */
const DETAIL: Readonly<Record<string, Json>> = {
  GENERATION: { batchId: { ...TEXT, description: 'The batch that it belongs to, where it belongs to one.' } },
  BATCH: Object.fromEntries(COUNTERS.map((name) => [name, COUNT])),
};

function messageSchema(type: string, { kind, state }: { kind: string; state: string }): Json {
  return {
    type: 'object',
    required: ['type', 'timestamp', 'data'],
    properties: {
      type: { const: type },
      timestamp: { type: 'string', format: 'date-time', description: 'When it happened.' },
      data: {
        type: 'object',
        required: ['id', 'kind', 'state', ...(kind === 'BATCH' ? COUNTERS : [])],
        properties: {
          id: { ...TEXT, description: `Node id of the ${ANNOUNCED[kind]} in the GraphQL API.` },
          kind: { const: kind.toLowerCase() },
          state: { const: state },
          ...DETAIL[kind],
        },
      },
    },
  };
}
