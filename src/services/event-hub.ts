import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { type EventLogs, type LogSource, openEventLogs } from '../work/index.js';
import { type LoggedBatchEvent, readBatchEvents } from './batches/events.js';
import { BATCH_CHANNEL } from './batches/transitions.js';
import { type LoggedEvent, readEvents } from './generations/events.js';
import { EVENT_CHANNEL } from './generations/transitions.js';

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

/** Where the logs of batches come from. */
export function batchLogs(dataSource: DataSource): LogSource<LoggedBatchEvent> {
  return { channel: BATCH_CHANNEL, read: (id, after) => readBatchEvents(dataSource, id, after) };
}

/** Where the logs of generations come from. */
export function generationLogs(dataSource: DataSource): LogSource<LoggedEvent> {
  return { channel: EVENT_CHANNEL, read: (id, after) => readEvents(dataSource, id, after) };
}
