import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRow } from '../../src/entities/index.js';
import { type BlobStore, BlobStoreUnavailable } from '../../src/storage/index.js';
import type { LogRow } from '../../src/work/index.js';

interface Database {
  dataSource: DataSource;
}

/** The store, unless it is away. */
export function awayAtTimes(store: BlobStore, isAway: () => boolean): BlobStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...values: unknown[]) => {
        if (isAway()) return Promise.reject(new BlobStoreUnavailable('The blob store does not answer.'));
        return Reflect.apply(value, target, values) as unknown;
      };
    },
  });
}

/** As a process leaves it that says nothing any more. */
export async function fallSilent({ dataSource }: Database, table: string, id: string): Promise<void> {
  await dataSource.query(`UPDATE ${table} SET heartbeat_at = now() - interval '1 minute' WHERE id = $1`, [id]);
}

const ROW = z.object({
  state: z.string(),
  attempt: z.number(),
  attemptLimit: z.number(),
  lastSeq: z.number(),
  waitingReason: z.string().nullable(),
  error: z.string().nullable(),
});

/** What the kernel knows of a piece of work. */
export function rowOf(
  { dataSource }: Database,
  { kind, id }: { kind: { table: string }; id: string },
): Promise<z.infer<typeof ROW>> {
  return queryRow(
    dataSource,
    ROW,
    `SELECT state, attempt, attempt_limit AS "attemptLimit", last_seq AS "lastSeq", waiting_reason AS "waitingReason", error
     FROM ${kind.table} WHERE id = $1`,
    [id],
  );
}

/** The state that a line of a log tells of, where it tells of one. */
export function stateOf({ type, payload }: LogRow): string | undefined {
  return type === 'STATE_CHANGED' ? z.object({ state: z.string() }).parse(payload).state : undefined;
}
