import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { DevicePrices, Usage, UsageDimension } from '../../domain/usage.js';
import { queryRows } from '../../entities/index.js';

export interface UsageRequest {
  /** Generations that ended at or after this; default: thirty days before `to`. */
  from?: Date | null | undefined;
  /** ... and before this; default: now. */
  to?: Date | null | undefined;
  /** None: everything together. */
  by: readonly UsageDimension[];
  /** Only what was asked for with this token; default: everybody's. */
  requesterId?: number | undefined;
  prices?: DevicePrices;
}

const DAYS_30_MS = 30 * 24 * 3_600_000;

/** More would be no report. */
const MOST_ROWS = 10_000;

const COLUMNS: Readonly<Record<UsageDimension, string>> = {
  REQUESTER: 'g.requested_by_id',
  BATCH: 'g.batch_id::text',
  TASK: 'g.task',
  DEVICE: 'g.device',
  MONTH: "to_char(g.finished_at AT TIME ZONE 'UTC', 'YYYY-MM')",
};

const ROW = z.object({
  requesterId: z.number().nullable(),
  batchId: z.string().nullable(),
  task: z.string().nullable(),
  device: z.string().nullable(),
  month: z.string().nullable(),
  usedDevice: z.string().nullable(),
  succeeded: z.number(),
  failed: z.number(),
  canceled: z.number(),
  seconds: z.number(),
  bytes: z.number(),
});

/**
 * What generations have taken, by who asked for them, their batch, task, device and the month in which they ended: the longest computing first. One
 * that was tried again counts with its last try alone. Volumes that a batch
 * found made already took nothing; those that have been deleted since are in no report.
 *
 * @throws UserError BAD_USER_INPUT for a period that ends before it begins; LIMIT_EXCEEDED for more than 10,000 rows
 */
export async function usageReport(
  dataSource: DataSource,
  { from, to, by, requesterId, prices = new Map() }: UsageRequest,
): Promise<Usage[]> {
  const until = to ?? new Date();
  const since = from ?? new Date(until.getTime() - DAYS_30_MS);
  if (since >= until) {
    throw new UserError(
      'BAD_USER_INPUT',
      `from must lie before to, got ${since.toISOString()} and ${until.toISOString()}.`,
    );
  }
  const column = (dimension: UsageDimension): string => (by.includes(dimension) ? COLUMNS[dimension] : 'NULL');
  const rows = await queryRows(
    dataSource,
    ROW,
    `SELECT ${column('REQUESTER')}::integer AS "requesterId", ${column('BATCH')}::text AS "batchId", ${column('TASK')}::text AS task,
       ${column('DEVICE')}::text AS device, ${column('MONTH')}::text AS month, g.device AS "usedDevice",
       count(*) FILTER (WHERE g.state = 'SUCCEEDED')::integer AS succeeded, count(*) FILTER (WHERE g.state = 'FAILED')::integer AS failed,
       count(*) FILTER (WHERE g.state = 'CANCELED')::integer AS canceled,
       coalesce(sum(extract(epoch FROM g.finished_at - g.started_at)), 0)::double precision AS seconds,
       coalesce(sum(f.bytes), 0)::double precision AS bytes
     FROM generation g
     LEFT JOIN LATERAL (
       SELECT sum(a.bytes) AS bytes FROM asset a WHERE a.id IN (
         SELECT asset_id FROM mri_series WHERE generation_id = g.id
         UNION SELECT asset_id FROM generation_slice WHERE generation_id = g.id
         UNION SELECT asset_id FROM generation_output WHERE generation_id = g.id AND kind <> 'MASK')
     ) f ON true
     WHERE g.finished_at >= $1 AND g.finished_at < $2 AND ($3::integer IS NULL OR g.requested_by_id = $3)
     GROUP BY 1, 2, 3, 4, 5, 6 LIMIT ${MOST_ROWS + 1}`,
    [since, until, requesterId ?? null],
  );
  if (rows.length > MOST_ROWS) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `The report would have more than ${MOST_ROWS} rows; ask for a shorter period or fewer dimensions.`,
    );
  }
  const groups = Map.groupBy(rows, ({ usedDevice: _, ...row }) =>
    JSON.stringify([row.requesterId, row.batchId, row.task, row.device, row.month]),
  );
  return [...groups.values()].map((parts) => together(parts, prices)).sort((a, b) => b.seconds - a.seconds);
}

/** One row of those that differ in their device alone, each of which may have a price of its own. */
function together(parts: readonly z.infer<typeof ROW>[], prices: DevicePrices): Usage {
  const { requesterId, batchId, task, device, month } = parts[0]!;
  const sum = (of: 'succeeded' | 'failed' | 'canceled' | 'seconds' | 'bytes'): number =>
    parts.reduce((total, part) => total + part[of], 0);
  const costs = parts
    .filter(({ seconds }) => seconds > 0)
    .map(({ usedDevice, seconds }) => {
      const price = usedDevice === null ? undefined : (prices.get(usedDevice) ?? prices.get(usedDevice.split(':')[0]!));
      return price === undefined ? null : (price * seconds) / 3600;
    });
  return {
    ...{ requesterId, batchId, task, device, month },
    ...{ succeeded: sum('succeeded'), failed: sum('failed'), canceled: sum('canceled') },
    ...{ seconds: sum('seconds'), bytes: sum('bytes') },
    cost: costs.reduce<number | null>((total, cost) => (total === null || cost === null ? null : total + cost), 0),
  };
}
