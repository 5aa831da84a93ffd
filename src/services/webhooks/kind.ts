import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { WebhookDeliveryState } from '../../domain/webhooks.js';
import { queryRow, WebhookDelivery } from '../../entities/index.js';
import {
  type Completion,
  type RunContext,
  type StateChange,
  type Timings,
  TIMINGS,
  type WorkKind,
} from '../../work/index.js';
import { disableWebhook, noteFailure, noteSuccess } from './health.js';
import { type Message, messageOf } from './message.js';
import { ownerStands } from './outbox.js';

/** What a delivery's log says. */
export type WebhookDeliveryEventBody = { type: 'STATE_CHANGED'; payload: StateChange<WebhookDeliveryState> };

/** What a receiver has answered. */
export interface WebhookAnswer {
  status: number;
  /** Its beginning, at most 1 kB. */
  body: string;
}

/** Brings a message to an address. */
export type PostWebhook = (url: string, message: Message, signal: AbortSignal) => Promise<WebhookAnswer>;

export interface WebhookResources {
  /** @throws UserError UNAVAILABLE where nobody answers; CONFLICT for an address that nothing may be sent to */
  post: PostWebhook;
  /** Webhooks that this process has found away, until when and why: it asks each anew once in a while, however much waits for it. */
  away: Map<number, { until: number; reason: string }>;
}

/** A message is tried again after some 5 s, and last every 4 hours. */
export const DELIVERY_TIMINGS: Timings = { ...TIMINGS, firstWait: 5_000, lastWait: 4 * 3_600_000 };

/** How long a message is tried, and how long nothing may reach a webhook before it is disabled, s. */
const TRIED_S = 24 * 3_600;
const FAILING_S = 5 * 24 * 3_600;

/** A webhook that did not answer is left alone for so many times what that took: others wait for it a quarter of the time at most. */
const REST = 3;

/** Messages to webhooks. Whoever is interrupted after the receiver has answered sends one again, under the same id. */
export const WEBHOOK_DELIVERY: WorkKind<WebhookDelivery, WebhookDeliveryEventBody, WebhookResources> = {
  name: 'webhook delivery',
  table: 'webhook_delivery',
  entity: WebhookDelivery,
  holder: 'server',
  // The way out of a final state is asking for it again.
  transitions: {
    QUEUED: ['RUNNING', 'CANCELED'],
    RUNNING: ['SUCCEEDED', 'FAILED', 'CANCELED', 'QUEUED'],
    SUCCEEDED: ['QUEUED'],
    FAILED: ['QUEUED'],
    CANCELED: ['QUEUED'],
  },
  final: ['SUCCEEDED', 'FAILED', 'CANCELED'],
  succeeded: 'SUCCEEDED',
  canceled: 'CANCELED',
  cancels: 'AT_ONCE',
  waitsApart: true,
  relations: { webhook: true },
  ready({ webhookId }, { away }) {
    const known = away.get(webhookId);
    if (known && performance.now() < known.until) throw new UserError('UNAVAILABLE', known.reason);
    return Promise.resolve();
  },
  run: deliver,
};

async function deliver({
  row,
  lease,
  dataSource,
  resources: { post, away },
  logger,
}: RunContext<WebhookDelivery, WebhookDeliveryEventBody, WebhookResources>): Promise<
  Completion<WebhookDelivery, WebhookDeliveryEventBody>
> {
  const { webhook } = row;
  const { now, triedS, stands, signsTwice } = await momentOf(dataSource, row.id);
  if (webhook.disabledAt) throw new UserError('CONFLICT', 'The webhook is disabled.');
  if (!stands) throw new UserError('CONFLICT', 'The token of whoever made the webhook has ended.');
  const secrets = [webhook.secret, ...(signsTwice && webhook.previousSecret ? [webhook.previousSecret] : [])];
  const message = messageOf(row, secrets, now);
  const began = performance.now();
  const answer = await post(webhook.url, message, lease.signal).catch((error: unknown) => {
    lease.signal.throwIfAborted();
    if (error instanceof UserError && error.code === 'UNAVAILABLE') return error;
    throw error;
  });
  if (!(answer instanceof UserError)) {
    await lease.write({ set: { responseStatus: answer.status, responseBody: answer.body } });
    if (hasTaken(answer)) {
      away.delete(webhook.id);
      return {
        async finish(manager) {
          await noteSuccess(manager, webhook.id);
          return {};
        },
      };
    }
  }
  const reason = answer instanceof UserError ? answer.message : refusalOf(answer);
  away.set(webhook.id, { until: performance.now() + REST * (performance.now() - began), reason });
  // Whoever tries a webhook wants to know now.
  if (row.event === 'WEBHOOK_TEST') throw new UserError('CONFLICT', reason);
  const failingS = await noteFailure(dataSource, webhook.id);
  const end =
    !(answer instanceof UserError) && answer.status === 410
      ? 'The receiver has answered 410: it wants no more messages.'
      : failingS >= FAILING_S
        ? `Nothing has reached the receiver for ${Math.floor(failingS / 86_400)} days. ${reason}`
        : undefined;
  if (end !== undefined) {
    await disableWebhook(dataSource, webhook.id, end);
    logger.warn({ webhook: webhook.id, reason: end }, 'a webhook is disabled');
    throw new UserError('CONFLICT', end);
  }
  if (triedS >= TRIED_S) throw new UserError('CONFLICT', `${reason} It was given up after 24 hours.`);
  throw new UserError('UNAVAILABLE', reason);
}

function hasTaken({ status }: WebhookAnswer): boolean {
  return status >= 200 && status < 300;
}

function refusalOf({ status }: WebhookAnswer): string {
  const isRedirect = status >= 300 && status < 400;
  return `The receiver answered ${status}${isRedirect ? '; redirects are not followed' : ''}.`;
}

const MOMENT = z.object({
  now: z.instanceof(Date),
  triedS: z.number(),
  stands: z.boolean(),
  signsTwice: z.boolean(),
});

/** By the clock of the database. */
function momentOf(dataSource: DataSource, id: number): Promise<z.infer<typeof MOMENT>> {
  return queryRow(
    dataSource,
    MOMENT,
    `SELECT clock_timestamp() AS now, extract(epoch FROM clock_timestamp() - d.started_at)::float8 AS "triedS",
       ${ownerStands('w')} AS stands, coalesce(w.previous_secret_until > clock_timestamp(), false) AS "signsTwice"
     FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id WHERE d.id = $1`,
    [id],
  );
}
