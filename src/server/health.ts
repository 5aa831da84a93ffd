import type { RequestHandler } from 'express';
import type { DataSource } from 'typeorm';
import { packageVersion } from '../domain/package.js';
import { sqlState } from '../entities/index.js';
import type { GenerationQueue } from '../scheduling/index.js';
import type { BlobStore } from '../storage/index.js';
import { pendingMigrations } from './database/index.js';

/** What has to work before work may come; each is asked, and has so long to answer, ms. */
export interface Dependencies {
  dataSource: DataSource;
  queue: Pick<GenerationQueue, 'ping'>;
  store: Pick<BlobStore, 'readMark'>;
}
const PATIENCE_MS = 2_000;

/** A disk that took something is believed to take more for so long, ms; one that did not is asked each time. */
const BELIEVED_MS = 10_000;

/** `GET /health/live`: the process answers. It asks nobody else: a restart mends no database. */
export const liveHandler: RequestHandler = (_request, response) => {
  response.set('Cache-Control', 'no-store').json({ status: 'live', version: packageVersion });
};

/**
 * `GET /health/ready`: it can do its work. 503, and for each dependency what is wrong with it, while the database, its
 * migrations, its disk, the queue or the blob store are not usable, or the process is closing.
 */
export function readyHandler(dependencies: Dependencies, closing: () => boolean): RequestHandler {
  const check = readinessCheck(dependencies);
  return async (_request, response) => {
    response.set('Cache-Control', 'no-store');
    if (closing()) return void response.status(503).json({ status: 'closing' });
    const checks = await check();
    const ready = Object.values(checks).every((answer) => answer === 'ready');
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', checks });
  };
}

function readinessCheck({ dataSource, queue, store }: Dependencies): () => Promise<Record<string, string>> {
  // Migrations are never undone under a running server: once is enough.
  let migrated = false;
  let written = 0;
  const questions: Record<string, () => Promise<unknown>> = {
    database: () => dataSource.query('SELECT 1'),
    async migrations() {
      if (migrated) return;
      const missing = await pendingMigrations(dataSource);
      if (missing > 0) throw new Error(`${missing} have not run; "osteograph migrate" runs them`);
      migrated = true;
    },
    async disk() {
      if (performance.now() < written) return;
      await spill(dataSource);
      written = performance.now() + BELIEVED_MS;
    },
    queue: () => queue.ping(),
    blobs: () => store.readMark(),
  };
  return async () =>
    Object.fromEntries(
      await Promise.all(Object.entries(questions).map(async ([name, ask]) => [name, await answerOf(ask)] as const)),
    );
}

/** Sorts more than fits in the memory it allows itself, so that the database writes to its disk; it leaves nothing behind. */
async function spill(dataSource: DataSource): Promise<void> {
  await dataSource.transaction(async (manager) => {
    await manager.query(`SET LOCAL work_mem = '64kB'`);
    await manager.query(
      'SELECT max(n) FROM (SELECT n FROM generate_series(1, 20000) n ORDER BY n DESC OFFSET 0) sorted',
    );
  });
}

async function answerOf(ask: () => Promise<unknown>): Promise<string> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve(`no answer within ${PATIENCE_MS / 1_000} s`), PATIENCE_MS);
  const asked = ask().then(
    () => 'ready',
    // Who asks is anybody: what went wrong, and no address or name of the inside.
    (error: unknown) => `unusable (${codeOf(error)})`,
  );
  try {
    return await Promise.race([asked, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): string {
  const { name, message } = error as Error;
  return sqlState(error) ?? (name === 'Error' ? message : name);
}
