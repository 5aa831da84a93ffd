import type { DataSource } from 'typeorm';
import { type LogPage, type LogSource, logOf } from '../../work/index.js';
import type { LoggedEvent } from './events.js';
import { GENERATION } from './kind.js';

/** Where the logs of generations come from. */
export function generationLogs(dataSource: DataSource): LogSource<LoggedEvent> {
  return logOf(dataSource, GENERATION, (generationId, row) => ({ generationId, ...row }) as LoggedEvent);
}

/** The next lines of a generation's log after `after`. @throws UserError NOT_FOUND */
export function readEvents(dataSource: DataSource, generationId: string, after: number): Promise<LogPage<LoggedEvent>> {
  return generationLogs(dataSource).read(generationId, after);
}
