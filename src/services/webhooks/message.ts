import { randomBytes } from 'node:crypto';
import { Webhook as Signer } from 'standardwebhooks';
import { encodeId } from '../../domain/global-ids.js';
import { packageVersion } from '../../domain/package.js';
import { ANNOUNCED, messageType, partsOf } from '../../domain/webhooks.js';
import type { WebhookDelivery } from '../../entities/index.js';
import { DamagedData } from '../../work/index.js';

/** A message as it goes out. */
export interface Message {
  headers: Readonly<Record<string, string>>;
  body: string;
}

const SECRET = /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/;

export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/**
 * A delivery as Standard Webhooks have it: signed over its id, the time at which it is sent, and its body. Sent again it has the same id and body.
 *
 * @param secrets it is signed with each: after a change of keys a receiver may know either
 * @param now time of the database, whose clock all processes share
 * @throws DamagedData for a secret that is none
 */
export function messageOf(
  delivery: Pick<WebhookDelivery, 'webhookId' | 'messageId' | 'event' | 'subject' | 'detail' | 'happenedAt'>,
  secrets: readonly string[],
  now: Date,
): Message {
  const body = JSON.stringify(contentOf(delivery));
  const id = `msg_${delivery.messageId}`;
  const signatures = secrets.map((secret) => {
    if (!SECRET.test(secret)) throw new DamagedData(`The secret of webhook ${delivery.webhookId} is damaged.`);
    return new Signer(secret).sign(id, now, body);
  });
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': `osteograph/${packageVersion}`,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': signatures.join(' '),
    },
    body,
  };
}

/** What a message says: ids and states, and nothing of people. */
function contentOf({
  event,
  subject,
  detail: { batch, ...counters },
  happenedAt,
}: Pick<WebhookDelivery, 'event' | 'subject' | 'detail' | 'happenedAt'>): object {
  const { kind, state } = partsOf(event);
  return {
    type: messageType(event),
    timestamp: happenedAt.toISOString(),
    data: {
      id: encodeId(ANNOUNCED[kind]!, subject),
      kind: kind.toLowerCase(),
      state,
      ...(typeof batch === 'string' ? { batchId: encodeId('Batch', batch) } : {}),
      ...counters,
    },
  };
}
