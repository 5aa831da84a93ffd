import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows } from '../../entities/index.js';
import { audit } from '../access/index.js';
import { lockChain } from './chain.js';

/** Rows removed in one transaction. */
const CHUNK = 50_000;

/** SQL over `audit_entry t`: whose time is over before the moment $1, and that of all before it; the newest sealed row stays, since the next one follows it. */
export const REMOVABLE = `t.seq < (
  SELECT coalesce(min(k.seq) FILTER (WHERE k.at >= $1), max(k.seq)) FROM audit_entry k WHERE k.seq IS NOT NULL)`;

/**
 * Removes the beginning of the sealed audit, up to the first row that is not older than a moment. Each removal leaves a row that says where the chain begins from then on.
 *
 * @returns how many rows
 */
export async function removeAudit(dataSource: DataSource, before: string, signal?: AbortSignal): Promise<number> {
  let total = 0;
  for (;;) {
    signal?.throwIfAborted();
    const removed = await dataSource.transaction((manager) => removeChunk(manager, before));
    total += removed;
    if (removed < CHUNK) return total;
  }
}

async function removeChunk(manager: EntityManager, before: string): Promise<number> {
  await lockChain(manager);
  const [last] = await queryRows(
    manager,
    z.object({ seq: z.number(), digest: z.string() }),
    `SELECT seq, digest FROM (SELECT t.seq, t.digest FROM audit_entry t WHERE ${REMOVABLE} ORDER BY t.seq LIMIT ${CHUNK}) gone
     ORDER BY seq DESC LIMIT 1`,
    [before],
  );
  if (!last) return 0;
  const { removed } = await queryRow(
    manager,
    z.object({ removed: z.number() }),
    'WITH gone AS (DELETE FROM audit_entry WHERE seq <= $1 RETURNING 1) SELECT count(*)::integer AS removed FROM gone',
    [last.seq],
  );
  await audit(manager, { tokenId: null, action: 'retention', detail: { audit_entry: removed, removedThrough: last } });
  return removed;
}
