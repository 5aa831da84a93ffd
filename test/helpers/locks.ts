import type { DataSource } from 'typeorm';

/** How many statements of a database wait for a lock: for any, or for one of a table. */
export async function waitingForLock(dataSource: DataSource, table: string | null = null): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::integer FROM pg_stat_activity a WHERE datname = current_database() AND wait_event_type = 'Lock'
       AND ($1::text IS NULL OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted AND l.relation = $1::regclass))`,
    [table],
  );
  return row!.count;
}

/** Waits until a statement waits for such a lock. */
export async function untilWaiting(dataSource: DataSource, table: string | null = null): Promise<void> {
  while ((await waitingForLock(dataSource, table)) === 0) await new Promise(setImmediate);
}
