import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { type EventLogs, openEventLogs } from '../../work/index.js';
import type { LoggedBatchEvent } from './events.js';
import { batchLogs } from './log.js';
import { generationLogs, type LoggedEvent } from '../generations/index.js';

/** The logs of generations, and those of batches. */
export interface EventHub extends EventLogs<LoggedEvent> {
  batches: EventLogs<LoggedBatchEvent>;
  /** Ends every subscription and the connection. */
  close(): Promise<void>;
}

export interface EventHubOptions {
  dataSource: DataSource;
  databaseUrl: string;
  logger: Logger;
}

/** Opens the logs of generations and batches. */
export async function openEventHub({ dataSource, ...options }: EventHubOptions): Promise<EventHub> {
  const sources = { generations: generationLogs(dataSource), batches: batchLogs(dataSource) };
  const { logs, close } = await openEventLogs({ ...options, sources });
  return { ...logs.generations, batches: logs.batches, close };
}
