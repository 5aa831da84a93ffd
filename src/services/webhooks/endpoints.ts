import type { DataSource, EntityManager } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { type WebhookEvent, WEBHOOK_EVENTS } from '../../domain/webhooks.js';
import { Webhook } from '../../entities/index.js';
import {
  mayManageWebhook,
  type Principal,
  seesEverybodys,
  type WebhookRules,
  webhookTarget,
} from '../../policy/index.js';
import { audit } from '../access/index.js';
import { column, type Table, type Where } from '../filters/index.js';
import type { Listing } from '../paging/index.js';
import { cancelWaiting } from './health.js';
import { newSecret } from './message.js';

/** What a webhook is given. */
export interface WebhookSettings {
  url: string;
  events: readonly WebhookEvent[];
  description?: string | null | undefined;
  /** Everybody's work and not the owner's alone; for administrators. */
  everybodys?: boolean | null | undefined;
}

/** Webhooks of one token. */
const MAX_OWN = 20;

const MAX_DESCRIPTION = 200;

/**
 * Makes a webhook. Its secret is given this once.
 *
 * @throws UserError BAD_USER_INPUT; FORBIDDEN for everybody's work without being an administrator; LIMIT_EXCEEDED
 */
export async function createWebhook(
  dataSource: DataSource,
  actor: Principal,
  settings: WebhookSettings,
  rules: WebhookRules,
): Promise<{ webhook: Webhook; secret: string }> {
  const checked = checkSettings(settings, actor, rules);
  const secret = newSecret();
  const webhook = await dataSource.transaction(async (manager) => {
    const ownerId = actor.tokenId;
    if (ownerId !== null) {
      // One at a time per token, or two requests could both find the last free place.
      await manager.query('SELECT id FROM api_token WHERE id = $1 FOR UPDATE', [ownerId]);
      if ((await manager.countBy(Webhook, { ownerId })) >= MAX_OWN) {
        throw new UserError('LIMIT_EXCEEDED', `You have ${MAX_OWN} webhooks, which is as many as are allowed.`);
      }
    }
    const { id } = await manager.save(manager.create(Webhook, { ...checked, secret, ownerId }));
    await audit(manager, { tokenId: ownerId, action: 'createWebhook', target: String(id), detail: toldOf(checked) });
    return findWebhook(manager, actor, id);
  });
  return { webhook, secret };
}

/**
 * Changes what is given of a webhook.
 *
 * @param change.enabled false: nothing is sent, and what happens meanwhile is not told later
 * @throws UserError as {@link createWebhook}, and NOT_FOUND
 */
export async function updateWebhook(
  dataSource: DataSource,
  actor: Principal,
  id: number,
  { enabled, ...change }: { [K in keyof WebhookSettings]?: WebhookSettings[K] | null } & { enabled?: boolean | null },
  rules: WebhookRules,
): Promise<Webhook> {
  return dataSource.transaction(async (manager) => {
    const { url, events, description, everybodys, disabledAt } = await findWebhook(manager, actor, id);
    const wished = {
      url: change.url ?? url,
      events: change.events ?? events,
      description: change.description ?? description,
      everybodys: change.everybodys ?? everybodys,
    };
    // Whoever was an administrator when it was made may still change or disable it.
    const checked = {
      ...checkSettings({ ...wished, everybodys: change.everybodys }, actor, rules),
      everybodys: wished.everybodys,
    };
    const on = { disabledAt: null, disabledReason: null, failingSince: null };
    const off = { disabledAt: () => 'clock_timestamp()', disabledReason: 'Its owner or an administrator disabled it.' };
    const turned = enabled == null ? {} : enabled ? on : disabledAt ? {} : off;
    await manager.update(Webhook, { id }, { ...checked, ...turned });
    if (turned === off) await cancelWaiting(manager, id);
    const detail = { ...toldOf(checked), ...(enabled == null ? {} : { enabled }) };
    await audit(manager, { tokenId: actor.tokenId, action: 'updateWebhook', target: String(id), detail });
    return findWebhook(manager, actor, id);
  });
}

/**
 * Gives a webhook a new secret. For 24 hours messages are signed with the old one, too.
 *
 * @throws UserError NOT_FOUND
 */
export async function rotateWebhookSecret(
  dataSource: DataSource,
  actor: Principal,
  id: number,
): Promise<{ webhook: Webhook; secret: string }> {
  const secret = newSecret();
  const webhook = await dataSource.transaction(async (manager) => {
    await findWebhook(manager, actor, id);
    await manager.query(
      `UPDATE webhook SET previous_secret = secret, previous_secret_until = clock_timestamp() + interval '24 hours', secret = $2 WHERE id = $1`,
      [id, secret],
    );
    await audit(manager, { tokenId: actor.tokenId, action: 'rotateWebhookSecret', target: String(id) });
    return findWebhook(manager, actor, id);
  });
  return { webhook, secret };
}

/**
 * Removes a webhook with its deliveries.
 *
 * @throws UserError NOT_FOUND
 */
export async function deleteWebhook(dataSource: DataSource, actor: Principal, id: number): Promise<void> {
  await dataSource.transaction(async (manager) => {
    await findWebhook(manager, actor, id);
    await manager.delete(Webhook, { id });
    await audit(manager, { tokenId: actor.tokenId, action: 'deleteWebhook', target: String(id) });
  });
}

/**
 * A webhook of the principal's own; administrators find everybody's.
 *
 * @throws UserError NOT_FOUND also for somebody else's
 */
export async function findWebhook(
  database: DataSource | EntityManager,
  principal: Principal,
  id: number,
): Promise<Webhook> {
  const row = await database.getRepository(Webhook).findOneBy({ id });
  if (!row || !mayManageWebhook(row, principal)) throw new UserError('NOT_FOUND', 'There is no such webhook.');
  return row;
}

export const WEBHOOKS: Table = {
  name: 'webhook',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Webhook' }, 'id'),
    url: column('text', 'url'),
    createdAt: column('timestamp', 'created_at'),
    /** Key of the owner's token; not in the API's filter. */
    owner: column('integer', 'owner_id'),
  },
};

/** The newest first. */
export const WEBHOOK_LISTING: Listing<Webhook> = {
  table: WEBHOOKS,
  entity: Webhook,
  key: column('integer', 'id'),
  orders: { CREATED_AT: column('timestamp', 'created_at') },
  defaultOrder: [{ field: 'CREATED_AT', direction: 'DESC' }],
};

/** Those webhooks of a filter that a principal may list. */
export function webhooksFor(principal: Principal, where: Where | null): Where | null {
  if (seesEverybodys(principal)) return where;
  return { ...where, owner: { eq: principal.tokenId } };
}

type Checked = Pick<Webhook, 'url' | 'events' | 'description' | 'everybodys'>;

function checkSettings(
  { url, events, description, everybodys }: WebhookSettings,
  actor: Principal,
  rules: WebhookRules,
): Checked {
  if (events.length < 1) throw new UserError('BAD_USER_INPUT', 'events must name at least one event.');
  const text = (description ?? '').trim();
  if (text.length > MAX_DESCRIPTION || text.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', `description must have at most ${MAX_DESCRIPTION} characters.`);
  }
  if (everybodys && !seesEverybodys(actor)) {
    throw new UserError('FORBIDDEN', "Only an administrator's webhook is told of everybody's work.");
  }
  return {
    url: webhookTarget(url, rules).href,
    events: WEBHOOK_EVENTS.filter((event) => events.includes(event)),
    description: text,
    everybodys: everybodys ?? false,
  };
}

/** What the audit says of a webhook. */
function toldOf({ url, events, everybodys }: Checked): Record<string, unknown> {
  // The path of an address may be a secret of its receiver.
  return { origin: new URL(url).origin, events, everybodys };
}
