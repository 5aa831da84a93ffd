import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { REMEMBERED_S, SILENT_MS, type WorkerState } from '../domain/workers.js';
import { queryRecords, rowReader, Worker } from '../entities/index.js';

/** Most workers that are listed. */
const MOST = 1_000;

/**
 * The workers of the last day, those that live first, then by name. One that has been silent for 15 s is GONE, whatever it said
 * last; the database's clock decides.
 */
export async function listWorkers(dataSource: DataSource, states?: readonly WorkerState[] | null): Promise<Worker[]> {
  const rows = await queryRecords(
    dataSource,
    `SELECT * FROM (${CURRENT}) worker WHERE $3::text[] IS NULL OR state = ANY($3)
     ORDER BY state = 'GONE', name, id LIMIT ${MOST}`,
    [SILENT_MS / 1000, REMEMBERED_S, states ?? null],
  );
  return rows.map(rowReader(dataSource, Worker));
}

/**
 * The worker with this id.
 *
 * @throws UserError NOT_FOUND where there is none, or has not been for a day
 */
export async function findWorker(dataSource: DataSource, id: string): Promise<Worker> {
  const rows = await queryRecords(dataSource, `SELECT * FROM (${CURRENT}) worker WHERE id = $3`, [
    SILENT_MS / 1000,
    REMEMBERED_S,
    id,
  ]);
  const [worker] = rows.map(rowReader(dataSource, Worker));
  if (!worker) throw new UserError('NOT_FOUND', 'There is no such worker.');
  return worker;
}

const CURRENT = `
  SELECT id, name, host, pid, version, slots, started_at, seen_at,
    CASE WHEN seen_at < clock_timestamp() - make_interval(secs => $1) THEN 'GONE' ELSE state END AS state
  FROM worker WHERE seen_at >= clock_timestamp() - make_interval(secs => $2)`;
