import type { Pool } from 'pg';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRow } from '../entities/index.js';

/** What the database says of the work that is to do. */
export interface QueueFigures {
  /** False when the database did not answer in time: then the others say nothing. */
  answered: boolean;
  waiting: { priority: string; waiting: number }[];
  oldestWaitSeconds: number;
  running: number;
  exports: { state: string; jobs: number }[];
  /** Bytes of all blobs that have a row. */
  blobBytes: number;
}

/** Several scrapers, and the several figures of one scrape, share one answer for so long, ms. */
const FRESH_MS = 2_000;

/** A scrape does not wait longer for the database, ms. */
const PATIENCE_MS = 2_000;

/** Waiting generations are counted up to here: a scrape costs the same however long the queue is. */
const COUNTED = 100_000;

/** A way to ask for the figures as often as wanted; the database is asked at most every two seconds. */
export function readQueueFigures(dataSource: DataSource): () => Promise<QueueFigures> {
  let last: { at: number; figures: Promise<QueueFigures> } | undefined;
  return () => {
    const now = performance.now();
    if (!last || now - last.at > FRESH_MS) last = { at: now, figures: inTime(ask(dataSource)) };
    return last.figures;
  };
}

/** The pool behind a data source. */
export function poolOf(dataSource: DataSource): Pick<Pool, 'totalCount' | 'idleCount' | 'waitingCount'> {
  return (dataSource.driver as unknown as { master: Pool }).master;
}

const SILENT: QueueFigures = {
  answered: false,
  waiting: [],
  oldestWaitSeconds: 0,
  running: 0,
  exports: [],
  blobBytes: 0,
};

async function inTime(figures: Promise<QueueFigures>): Promise<QueueFigures> {
  const late = Promise.withResolvers<QueueFigures>();
  const timer = setTimeout(() => late.resolve(SILENT), PATIENCE_MS);
  try {
    return await Promise.race([figures.catch(() => SILENT), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const QUEUE = z.object({
  waiting: z.record(z.string(), z.number()),
  oldest: z.number(),
  running: z.number(),
  exports: z.record(z.string(), z.number()),
  blobs: z.number(),
});

async function ask(dataSource: DataSource): Promise<QueueFigures> {
  const { waiting, oldest, running, exports, blobs } = await queryRow(
    dataSource,
    QUEUE,
    `WITH waiting AS (
       SELECT g.created_at, coalesce(b.priority, g.priority) AS priority FROM generation g LEFT JOIN batch b ON b.id = g.batch_id
       WHERE g.state = 'QUEUED' AND b.state IS DISTINCT FROM 'PAUSED' LIMIT ${COUNTED}
     )
     SELECT (SELECT coalesce(json_object_agg(priority, waiting), '{}') FROM (
               SELECT priority, count(*)::integer AS waiting FROM waiting GROUP BY priority
             ) by_priority) AS waiting,
            (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM waiting) AS oldest,
            (SELECT count(*)::integer FROM generation WHERE state = 'RUNNING') AS running,
            (SELECT coalesce(json_object_agg(state, jobs), '{}') FROM (
               SELECT state, count(*)::integer AS jobs FROM export WHERE state IN ('QUEUED', 'RUNNING') GROUP BY state
             ) open) AS exports,
            (SELECT coalesce(sum(bytes), 0)::float8 FROM asset) AS blobs`,
  );
  return {
    answered: true,
    waiting: Object.entries(waiting).map(([priority, count]) => ({ priority, waiting: count })),
    oldestWaitSeconds: Math.max(oldest, 0),
    running,
    exports: ['QUEUED', 'RUNNING'].map((state) => ({ state, jobs: exports[state] ?? 0 })),
    blobBytes: blobs,
  };
}
