import type { Role } from '../../domain/roles.js';
import { type ANNOUNCED, type WebhookEvent, WEBHOOK_EVENTS } from '../../domain/webhooks.js';

type Bind = (value: unknown) => string;

/** What a message says of a piece of work beside what it is and which state it has come to. */
export interface Announced {
  /** SQL of a JSON object, over the row as `changed`; default: nothing. */
  detail?: string;
  /** SQL of the generation that the message is about, where it is about one. */
  generation?: string;
}

/**
 * Writes the messages to webhooks that a change of state leads to, in the statement that makes the change: either both are there, or neither. Only
 * work of their owners is told of, or everybody's where they were made for that.
 *
 * @param kind of work, whose rows have `requested_by_id`
 * @returns SQL to stand beside `changed`, see the outbox of a kind of work
 */
export function announcing(
  kind: Exclude<keyof typeof ANNOUNCED, 'WEBHOOK'>,
  { detail = `'{}'::jsonb`, generation = 'NULL::uuid' }: Announced = {},
): (to: string, bind: Bind) => string | undefined {
  return (to, bind) => {
    const event = `${kind}_${to}`;
    if (!WEBHOOK_EVENTS.includes(event as WebhookEvent)) return undefined;
    const name = `${bind(event)}::text`;
    return `announced AS (
      INSERT INTO webhook_delivery (webhook_id, state, event, subject, generation_id, detail, last_seq)
      SELECT w.id, 'QUEUED', ${name}, changed.id::text, ${generation}, ${detail}, 1
      FROM changed JOIN webhook w ON w.disabled_at IS NULL AND ${name} = ANY (w.events)
      WHERE (w.owner_id = changed.requested_by_id OR (w.everybodys AND ${ownerIs('w', 'ADMIN')})) AND ${ownerStands('w')}
      -- One that is being deleted must not hold up, and then undo, the change that it would be told of.
      ORDER BY w.id FOR KEY SHARE OF w SKIP LOCKED
      RETURNING id
    ), announced_log AS (
      INSERT INTO webhook_delivery_event (webhook_delivery_id, seq, type, payload, at)
      SELECT id, 1, 'STATE_CHANGED', '{"state": "QUEUED", "message": null, "attempt": 0}', clock_timestamp() FROM announced
    )`;
  };
}

/**
 * SQL: whether the token of a webhook's owner is neither revoked nor expired. People, whose tokens end every few minutes, own things until they are
 * revoked here; the command line has no token that could end.
 */
export function ownerStands(webhook: string): string {
  return `(${webhook}.owner_id IS NULL OR EXISTS (
    SELECT FROM api_token t WHERE t.id = ${webhook}.owner_id AND t.revoked_at IS NULL
      AND (t.subject IS NOT NULL OR t.expires_at IS NULL OR t.expires_at > now())))`;
}

/** SQL: whether the owner has a role; the command line has every one. A person's may be another tomorrow. */
function ownerIs(webhook: string, role: Role): string {
  return `(${webhook}.owner_id IS NULL OR EXISTS (SELECT FROM api_token t WHERE t.id = ${webhook}.owner_id AND t.role = '${role}'))`;
}
