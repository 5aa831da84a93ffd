import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';

/** Milliseconds since the first start of a generation, by the database's clock. */
export async function elapsed(manager: EntityManager, id: string): Promise<number> {
  const [row] = await queryRows(
    manager,
    z.object({ ms: z.number() }),
    `SELECT round(1000 * extract(epoch FROM clock_timestamp() - started_at))::integer AS ms FROM generation WHERE id = $1`,
    [id],
  );
  return row!.ms;
}
