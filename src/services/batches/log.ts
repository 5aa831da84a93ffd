import type { DataSource } from 'typeorm';
import { type LogSource, logOf } from '../../work/index.js';
import type { LoggedBatchEvent } from './events.js';
import { BATCH } from './kind.js';

/** Where the logs of batches come from. */
export function batchLogs(dataSource: DataSource): LogSource<LoggedBatchEvent> {
  return logOf(dataSource, BATCH, (batchId, row) => ({ batchId, ...row }) as LoggedBatchEvent);
}
