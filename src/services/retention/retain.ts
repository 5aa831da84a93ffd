import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRow } from '../../entities/index.js';
import { audit } from '../access/index.js';
import { RETAINED, type Retained, type RetentionRules } from './rules.js';
import { type Store, STORES } from './stores.js';

/** What is kept in one table, and what of it goes. */
export interface RetentionUse {
  kind: Retained;
  table: string;
  /** How long it is kept, ms; null for ever. */
  keptMs: number | null;
  /** Rows that the rule is about. */
  rows: number;
  /** What they take on the disk with their indexes; for exports, their files. */
  bytes: number;
  /** Rows whose time is over. */
  expired: number;
}

/** Rows removed at once: for so long nobody else can change them. */
const CHUNK = 5_000;

const COUNTS = z.object({ rows: z.number(), bytes: z.number(), expired: z.number() });

/** How much is kept under each rule, and what would go by now. */
export async function retentionUse(dataSource: DataSource, rules: RetentionRules): Promise<RetentionUse[]> {
  const uses: RetentionUse[] = [];
  for (const { kind, table, expired, prepare } of STORES) {
    await prepare?.(dataSource);
    const keptMs = rules[kind];
    const about = kind === 'keys' ? 't.client_key IS NOT NULL' : 'true';
    const counts = await queryRow(
      dataSource,
      COUNTS,
      `SELECT count(*)::integer AS rows, pg_total_relation_size('${table}')::float8 AS bytes,
         count(*) FILTER (WHERE ${expired})::integer AS expired
       FROM ${table} t CROSS JOIN (SELECT $1::timestamptz) AS moment WHERE ${about}`,
      [momentOf(keptMs)],
    );
    uses.push({ kind, table, keptMs, ...counts });
  }
  const files = await queryRow(
    dataSource,
    COUNTS,
    `SELECT count(*)::integer AS rows, coalesce(sum(a.bytes), 0)::float8 AS bytes,
       count(*) FILTER (WHERE e.expires_at <= clock_timestamp())::integer AS expired
     FROM export e JOIN asset a ON a.id = e.asset_id`,
  );
  return [...uses, { kind: 'exports' as const, table: 'export', keptMs: rules.exports, ...files }].sort(
    (a, b) => RETAINED.indexOf(a.kind) - RETAINED.indexOf(b.kind),
  );
}

/**
 * Removes what was kept long enough, some rows at a time; files go with the sweep of the store that follows. What it has removed stays
 * removed when it is stopped. Any number of processes may.
 *
 * @returns how many rows of which table
 */
export async function applyRetention(
  dataSource: DataSource,
  rules: RetentionRules,
  signal?: AbortSignal,
): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  for (const store of STORES) {
    const keptMs = rules[store.kind];
    if (keptMs === null) continue;
    await store.prepare?.(dataSource);
    const rows = await removeExpired(dataSource, store, keptMs, signal);
    if (rows > 0) removed[store.table] = rows;
  }
  // The audit notes itself what was removed of it.
  const { audit_entry: _, ...others } = removed;
  if (Object.keys(others).length > 0) {
    await audit(dataSource, { tokenId: null, action: 'retention', detail: others });
  }
  return removed;
}

async function removeExpired(
  dataSource: DataSource,
  { table, expired, forget, remove }: Store,
  keptMs: number,
  signal?: AbortSignal,
): Promise<number> {
  if (remove) return remove(dataSource, momentOf(keptMs), signal);
  const change = forget ?? `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT at FROM gone))`;
  let total = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { rows } = await queryRow(
      dataSource,
      z.object({ rows: z.number() }),
      `WITH gone AS (SELECT t.ctid AS at FROM ${table} t WHERE ${expired} LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED),
         changed AS (${change} RETURNING 1)
       SELECT count(*)::integer AS rows FROM changed`,
      [momentOf(keptMs)],
    );
    total += rows;
    if (rows < CHUNK) return total;
  }
}

/** What is older has been kept long enough; the beginning of time for what is kept for ever. */
function momentOf(keptMs: number | null): string {
  return keptMs === null ? '-infinity' : new Date(Date.now() - keptMs).toISOString();
}
