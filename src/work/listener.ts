import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Logger } from 'pino';
import { connectionSettings } from '../entities/index.js';

export interface ListenerOptions {
  databaseUrl: string;
  channels: readonly string[];
  onNotification(channel: string, payload: string): void;
  /** The connection is lost: until it is back, notifications go by unheard. */
  onLost?(): void;
  /** After a lost connection is back: notifications in between are gone, whoever waits for one must look for itself. */
  onReconnect(): void;
  logger: Logger;
}

export interface Listener {
  close(): Promise<void>;
}

/** LISTEN waits for nobody, ms. */
const LISTEN_MS = 10_000;

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/**
 * Keeps one connection that LISTENs, and comes back after any interruption.
 *
 * @throws the driver's error when the first connection fails
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const stop = new AbortController();
  let client = await connect(options, onLost);
  let reconnected: Promise<void> = Promise.resolve();

  return {
    async close() {
      stop.abort();
      await reconnected;
      await client.end().catch(() => undefined);
    },
  };

  function onLost(error?: Error): void {
    if (stop.signal.aborted) return;
    options.logger.warn({ err: error }, 'lost the connection that listens for notifications');
    options.onLost?.();
    reconnected = reconnect();
  }

  async function reconnect(): Promise<void> {
    for (let wait = FIRST_RETRY_MS; !stop.signal.aborted; wait = Math.min(2 * wait, LAST_RETRY_MS)) {
      await delay(wait, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      if (stop.signal.aborted) return;
      try {
        client = await connect(options, onLost);
      } catch (err) {
        options.logger.warn({ err }, 'cannot listen for notifications yet');
        continue;
      }
      if (stop.signal.aborted) return;
      options.logger.info('listening for notifications again');
      return options.onReconnect();
    }
  }
}

async function connect(
  { databaseUrl, channels, onNotification }: ListenerOptions,
  onLost: (error?: Error) => void,
): Promise<Client> {
  const { Client: OurClient, ...settings } = connectionSettings({ statementTimeout: LISTEN_MS });
  const client = new OurClient({
    connectionString: databaseUrl,
    ...settings,
    application_name: 'osteograph listener',
  });
  let ready = false;
  let lost = false;
  const loseOnce = (error?: Error) => {
    if (!ready || lost) return;
    lost = true;
    client.end().catch(() => undefined);
    onLost(error);
  };
  client.on('error', loseOnce);
  client.on('end', () => loseOnce());
  client.on('notification', ({ channel, payload }) => onNotification(channel, payload ?? ''));
  try {
    await client.connect();
    for (const channel of channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  ready = true;
  return client;
}
