import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { readRows } from '../../entities/index.js';

/** The database is asked again after so long, ms: a clock of quartz is off by some milliseconds then. */
const ASK_MS = 60_000;

/** The one clock of an installation: machines whose own are hours apart agree on when a URL ends. */
export interface DatabaseClock {
  /** Milliseconds since 1970 by the database's clock. */
  now(): number;
  close(): void;
}

const READING = z.object({ ms: z.number() });

/** Reads the database's clock, and again each minute; in between, and while the database is away, time goes on by itself. */
export async function openDatabaseClock(
  dataSource: DataSource,
  logger: Logger,
  askEvery: number = ASK_MS,
): Promise<DatabaseClock> {
  /** What has to be added to the process's own count of time, which no setting of the machine's clock moves. */
  let ahead = await read(dataSource);
  const asking = setInterval(() => {
    read(dataSource).then(
      (found) => void (ahead = found),
      (error: unknown) => logger.debug({ err: error }, 'the clock of the database could not be read'),
    );
  }, askEvery).unref();
  return {
    now: () => performance.now() + ahead,
    close: () => clearInterval(asking),
  };
}

async function read(dataSource: DataSource): Promise<number> {
  const before = performance.now();
  const sql = 'SELECT (1000 * extract(epoch FROM clock_timestamp()))::double precision AS ms';
  const [row] = await readRows(dataSource, sql, []);
  return READING.parse(row).ms - (before + performance.now()) / 2;
}
