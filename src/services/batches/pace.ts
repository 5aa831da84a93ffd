import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { type Batch, queryRows } from '../../entities/index.js';

/** How fast a batch goes. */
export interface BatchPace {
  /** Generations that ended per hour, over the newest 50 since it last began to run; null while none has. */
  perHour: number | null;
  /** When the rest will be done at that pace; null when nothing is known yet, or it does not run. */
  estimatedEnd: Date | null;
}

/** Ends that the pace is measured over, at most. */
const MEASURED = 50;

/**
 * The pace of each batch, from when its generations really ended. Time before the last pause or retry does not count.
 *
 * @returns in the batches' order
 */
export async function batchPaces(dataSource: DataSource, batches: readonly Batch[]): Promise<BatchPace[]> {
  const rows = await queryRows(
    dataSource,
    z.object({ id: z.string(), count: z.number(), seconds: z.number() }),
    `SELECT b.id, ended.count, extract(epoch FROM clock_timestamp() - CASE WHEN ended.count < ${MEASURED} THEN b.running_since ELSE ended.first END)::float AS seconds
     FROM batch b CROSS JOIN LATERAL (
       SELECT count(*)::integer AS count, min(finished_at) AS first FROM (
         SELECT finished_at FROM generation
         WHERE batch_id = b.id AND finished_at >= b.running_since AND state IN ('SUCCEEDED', 'FAILED')
         ORDER BY finished_at DESC LIMIT ${MEASURED}
       ) newest
     ) ended
     WHERE b.id = ANY($1::uuid[]) AND b.state = 'RUNNING' AND ended.count > 0`,
    [batches.map(({ id }) => id)],
  );
  const measured = new Map(rows.map((row) => [row.id, row]));
  return batches.map(({ id, waiting, running }) => {
    const { count, seconds } = measured.get(id) ?? { count: 0, seconds: 0 };
    if (!(seconds > 0)) return { perHour: null, estimatedEnd: null };
    const left = ((waiting + running) * seconds) / count;
    return { perHour: (3600 * count) / seconds, estimatedEnd: new Date(Date.now() + 1000 * left) };
  });
}
