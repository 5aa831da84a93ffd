import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../entities/index.js';
import { STARTABLE } from '../work/index.js';
import type { GenerationQueue } from './queue.js';

/** Waiting generations that the queue holds at least; otherwise as many as are running. */
const MIN_WINDOW = 2;

/**
 * Puts the generations that should run next into the queue, as many as are running now. The queue never holds more than about
 * that: who runs next is decided here, again whenever one is taken or ends, so that a batch of thousands delays nobody.
 */
export async function topUp(dataSource: DataSource, queue: Pick<GenerationQueue, 'enqueue'>): Promise<void> {
  const next = await queryRows(
    dataSource,
    NEXT,
    `WITH ${BUSY}, size AS (SELECT greatest(${MIN_WINDOW}, sum(running))::integer AS rows FROM busy)
     SELECT id, attempt, priority FROM (${lineSql('(SELECT rows FROM size)')}) line
     ORDER BY ${ORDER} LIMIT (SELECT rows FROM size)`,
  );
  if (next.length > 0) await queue.enqueue(next);
}

/** A generation that waits, with what a worker chooses by. */
export interface WaitingGeneration {
  id: string;
  bundleId: number;
  priority: number;
}

/** The generations that should run next, the first one first. */
export function nextInLine(dataSource: DataSource, limit: number): Promise<WaitingGeneration[]> {
  return queryRows(
    dataSource,
    WAITING,
    `WITH ${BUSY}
     SELECT id, priority, (SELECT bundle_id FROM generation WHERE id = line.id) AS "bundleId"
     FROM (${lineSql('$1::integer')}) line ORDER BY ${ORDER} LIMIT $1`,
    [limit],
  );
}

/** How many generations go before each of these, in their order; null for one that does not wait, or whose batch is paused. */
export async function positionsInLine(dataSource: DataSource, ids: readonly string[]): Promise<(number | null)[]> {
  const rows = await queryRows(
    dataSource,
    PLACE,
    `WITH ${BUSY}, line AS (
       SELECT id, row_number() OVER (ORDER BY ${ORDER})::integer AS place FROM (${lineSql('ALL')}) waiting
     )
     SELECT id, place - 1 AS before FROM line WHERE id = ANY($1::uuid[])`,
    [ids],
  );
  const places = new Map(rows.map(({ id, before }) => [id, before]));
  return ids.map((id) => places.get(id) ?? null);
}

const NEXT = z.object({ id: z.string(), attempt: z.number(), priority: z.number() });

const WAITING = z.object({ id: z.string(), bundleId: z.number(), priority: z.number() });

const PLACE = z.object({ id: z.string(), before: z.number() });

/** Generations that each token has running; the command line counts as a token of its own. */
const BUSY = `busy AS (
  SELECT coalesce(requested_by_id, 0) AS owner, count(*)::integer AS running FROM generation WHERE state = 'RUNNING' GROUP BY 1
)`;

/** A higher priority first; within one, whoever would then have the fewest running, else whose last start is longest ago. */
const ORDER = 'priority DESC, turn, own, served NULLS FIRST, created_at, id';

/** Waiting generations with what decides their order. @param limit how many are looked at of each batch, and of each token's own */
function lineSql(limit: string): string {
  return `
    SELECT mine.*, coalesce(busy.running, 0) + own AS turn, lately.served
    FROM (
      SELECT *, row_number() OVER (PARTITION BY priority, owner ORDER BY created_at, place, id) AS own FROM (${waitingSql(limit)}) waiting
    ) mine
      LEFT JOIN busy USING (owner)
      LEFT JOIN (${LATELY}) lately USING (owner)`;
}

/** When a generation of each token was last started. */
const LATELY = `
  SELECT o.owner, (SELECT max(started_at) FROM generation g WHERE coalesce(g.requested_by_id, 0) = o.owner) AS served
  FROM (SELECT id AS owner FROM api_token UNION ALL SELECT 0) o`;

function waitingSql(limit: string): string {
  return `
      SELECT g.id, g.attempt, b.priority, coalesce(b.requested_by_id, 0) AS owner, b.created_at, g.batch_position AS place
      FROM batch b CROSS JOIN LATERAL (
        SELECT id, attempt, batch_position FROM generation
        WHERE batch_id = b.id AND state = 'QUEUED' AND ${STARTABLE} ORDER BY batch_position LIMIT ${limit}
      ) g
      WHERE b.state IN ('QUEUED', 'RUNNING')
      UNION ALL
      SELECT g.id, g.attempt, g.priority, o.owner, g.created_at, 0
      FROM (SELECT id AS owner FROM api_token UNION ALL SELECT 0) o CROSS JOIN LATERAL (
        SELECT id, attempt, priority, created_at FROM generation
        WHERE batch_id IS NULL AND state = 'QUEUED' AND ${STARTABLE} AND coalesce(requested_by_id, 0) = o.owner
        ORDER BY priority DESC, created_at LIMIT ${limit}
      ) g`;
}
