import type { RequestHandler } from 'express';
import type { DataSource } from 'typeorm';
import { packageVersion } from '../domain/package.js';

/** How long the database may take to answer before the server calls itself not ready. */
const DATABASE_TIMEOUT_MS = 2_000;

/** `GET /health/live`: the process answers. */
export const liveHandler: RequestHandler = (_request, response) => {
  response.json({ status: 'live', version: packageVersion });
};

/** `GET /health/ready`: it can do its work, too. 503 while the database does not answer or the server is closing. */
export function readyHandler(dataSource: DataSource, closing: () => boolean): RequestHandler {
  return async (_request, response) => {
    const database = closing() ? 'closing' : await databaseState(dataSource);
    response
      .status(database === 'ready' ? 200 : 503)
      .json({ status: database === 'ready' ? 'ready' : 'not ready', database });
  };
}

async function databaseState(dataSource: DataSource): Promise<'ready' | 'unreachable'> {
  const timeout = Promise.withResolvers<'unreachable'>();
  const timer = setTimeout(() => timeout.resolve('unreachable'), DATABASE_TIMEOUT_MS);
  const asked = dataSource.query('SELECT 1').then(
    () => 'ready' as const,
    () => 'unreachable' as const,
  );
  try {
    return await Promise.race([asked, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
