import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, Webhook } from '../../entities/index.js';
import { advanceAll } from '../../work/index.js';
import { audit } from '../access/index.js';
import { WEBHOOK_DELIVERY } from './kind.js';

/** Notes that a message has reached a webhook. */
export async function noteSuccess(manager: EntityManager, id: number): Promise<void> {
  await manager.query('UPDATE webhook SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL', [id]);
}

/** Notes that a message has not reached a webhook. @returns for how long none has, s */
export async function noteFailure(dataSource: DataSource, id: number): Promise<number> {
  await dataSource.query(
    'UPDATE webhook SET failing_since = clock_timestamp() WHERE id = $1 AND failing_since IS NULL',
    [id],
  );
  const { seconds } = await queryRow(
    dataSource,
    z.object({ seconds: z.number() }),
    `SELECT coalesce(extract(epoch FROM clock_timestamp() - failing_since), 0)::float8 AS seconds FROM webhook WHERE id = $1`,
    [id],
  );
  return seconds;
}

/** Disables a webhook because of how its receiver answers; what waits for it is canceled, and can be asked for again. */
export async function disableWebhook(dataSource: DataSource, id: number, reason: string): Promise<void> {
  await dataSource.transaction(async (manager) => {
    const set = { disabledAt: () => 'clock_timestamp()', disabledReason: reason };
    await manager.update(Webhook, { id }, set);
    await cancelWaiting(manager, id);
    await audit(manager, { tokenId: null, action: 'disableWebhook', target: String(id), detail: { reason } });
  });
}

/** Cancels what waits for a webhook that is disabled. */
export async function cancelWaiting(manager: EntityManager, id: number): Promise<void> {
  const parent = { column: 'webhook_id', value: String(id) };
  await advanceAll(manager, WEBHOOK_DELIVERY, parent, 'QUEUED', {
    to: 'CANCELED',
    message: 'The webhook was disabled.',
  });
}
