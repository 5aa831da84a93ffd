import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { DELIVERED_EVENTS, WEBHOOK_DELIVERY_STATES } from '../../domain/webhooks.js';
import { WebhookDelivery } from '../../entities/index.js';
import { mayManageWebhook, type Principal, seesEverybodys } from '../../policy/index.js';
import { advance, cancelWork, enterLog } from '../../work/index.js';
import { audit } from '../access/index.js';
import { column, type Table, type Where } from '../filters/index.js';
import type { Listing } from '../paging/index.js';
import { findWebhook, WEBHOOKS } from './endpoints.js';
import { WEBHOOK_DELIVERY } from './kind.js';

/**
 * Queues a message to a webhook that tells of nothing. It is tried once.
 *
 * @throws UserError NOT_FOUND; CONFLICT for a webhook that is disabled
 */
export async function testWebhook(dataSource: DataSource, actor: Principal, id: number): Promise<WebhookDelivery> {
  return dataSource.transaction(async (manager) => {
    requireEnabled(await findWebhook(manager, actor, id));
    const row = await manager.save(
      manager.create(WebhookDelivery, { webhookId: id, event: 'WEBHOOK_TEST', subject: String(id), state: 'QUEUED' }),
    );
    await enterLog(manager, WEBHOOK_DELIVERY, row.id);
    await audit(manager, { tokenId: actor.tokenId, action: 'testWebhook', target: String(id) });
    return findDelivery(manager, actor, row.id);
  });
}

/**
 * Queues a message anew, one that waits too, under the id by which its receiver knows it.
 *
 * @throws UserError NOT_FOUND; CONFLICT while it is being sent, and for a webhook that is disabled
 */
export async function redeliverWebhook(dataSource: DataSource, actor: Principal, id: number): Promise<WebhookDelivery> {
  return dataSource.transaction(async (manager) => {
    const found = await findDelivery(manager, actor, id);
    requireEnabled(found.webhook);
    const message = 'It was asked for again.';
    // One that waits for its receiver need not wait any longer.
    const seen = found.state === 'QUEUED' ? await cancelWork(manager, WEBHOOK_DELIVERY, id, message) : found;
    if (
      seen.state === 'RUNNING' ||
      (await advance(manager, WEBHOOK_DELIVERY, seen, { to: 'QUEUED', message })) === undefined
    ) {
      throw new UserError('CONFLICT', 'The delivery is being made at this moment; ask for it when it is over.');
    }
    await audit(manager, { tokenId: actor.tokenId, action: 'redeliverWebhook', target: String(id) });
    return findDelivery(manager, actor, id);
  });
}

/**
 * A delivery to a webhook of the principal's own; administrators find everybody's.
 *
 * @throws UserError NOT_FOUND also for somebody else's
 */
export async function findDelivery(
  database: DataSource | EntityManager,
  principal: Principal,
  id: number,
): Promise<WebhookDelivery> {
  const row = await database.getRepository(WebhookDelivery).findOne({ where: { id }, relations: { webhook: true } });
  if (!row || !mayManageWebhook(row.webhook, principal)) {
    throw new UserError('NOT_FOUND', 'There is no such delivery.');
  }
  return row;
}

export const WEBHOOK_DELIVERIES: Table = {
  name: 'webhook_delivery',
  joins: { webhook: { table: () => WEBHOOKS, on: (delivery, webhook) => `${webhook}.id = ${delivery}.webhook_id` } },
  fields: {
    id: column({ kind: 'id', of: 'WebhookDelivery' }, 'id'),
    webhook: column({ kind: 'id', of: 'Webhook' }, 'webhook_id'),
    state: column({ kind: 'choice', of: WEBHOOK_DELIVERY_STATES }, 'state'),
    event: column({ kind: 'choice', of: DELIVERED_EVENTS }, 'event'),
    createdAt: column('timestamp', 'created_at'),
    finishedAt: column('timestamp', 'finished_at'),
    /** Key of the token of the webhook's owner; not in the API's filter. */
    owner: column('integer', 'owner_id', 'webhook'),
  },
};

/** The newest first. */
export const DELIVERY_LISTING: Listing<WebhookDelivery> = {
  table: WEBHOOK_DELIVERIES,
  entity: WebhookDelivery,
  key: column('integer', 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

/** Those deliveries of a filter that a principal may list. */
export function deliveriesFor(principal: Principal, where: Where | null): Where | null {
  if (seesEverybodys(principal)) return where;
  return { ...where, owner: { eq: principal.tokenId } };
}

function requireEnabled({ disabledReason }: { disabledReason: string | null }): void {
  if (disabledReason === null) return;
  throw new UserError('CONFLICT', `The webhook is disabled; enable it first. ${disabledReason}`);
}
