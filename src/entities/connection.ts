import type { Socket } from 'node:net';
import { Client } from 'pg';

/** Silence after which TCP asks whether the other side is still there, s, how often it asks again, s, and how often at most. */
const KEEPALIVE = { idle: 5, interval: 2, count: 3 } as const;

/** How long a connection may take to come about, ms. */
const CONNECT_MS = 10_000;

/** Time for an answer on its way, beyond what PostgreSQL gives a statement, ms. */
const GRACE_MS = 5_000;

export interface ConnectionLimits {
  /** Milliseconds after which PostgreSQL stops a statement; default: never. */
  statementTimeout?: number | undefined;
  /** Milliseconds after which PostgreSQL ends a transaction that its owner has left lying; default: never. */
  idleTransactionTimeout?: number | undefined;
}

export interface ConnectionSettings {
  keepAlive: boolean;
  keepAliveInitialDelayMillis: number;
  options: string;
  statement_timeout?: number;
  idle_in_transaction_session_timeout?: number;
  Client: typeof Client;
}

/**
 * Settings of every connection to PostgreSQL, for `pg`. A network that is cut says nothing: without them a side that waits for
 * the other finds out after two hours, or after a quarter of an hour where something is on its way. PostgreSQL then drops a
 * client that is gone, and the locks of its transaction with it, within about 12 s. We drop a silent server in about as long
 * where nothing was asked; where a statement was, once PostgreSQL itself would have ended it. What the connection string says
 * about the same things counts more.
 */
export function connectionSettings({
  statementTimeout,
  idleTransactionTimeout,
}: ConnectionLimits = {}): ConnectionSettings {
  const { idle, interval, count } = KEEPALIVE;
  const keepalive = {
    tcp_keepalives_idle: idle,
    tcp_keepalives_interval: interval,
    tcp_keepalives_count: count,
    tcp_user_timeout: 1000 * (idle + interval * count),
  };
  return {
    keepAlive: true,
    keepAliveInitialDelayMillis: 1000 * idle,
    options: Object.entries(keepalive)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    ...(statementTimeout ? { statement_timeout: statementTimeout } : {}),
    ...(idleTransactionTimeout ? { idle_in_transaction_session_timeout: idleTransactionTimeout } : {}),
    Client: impatientClient(statementTimeout ? statementTimeout + GRACE_MS : undefined),
  };
}

/** The part of `pg`'s client that its types leave out. */
interface Inside {
  connection: NodeJS.EventEmitter & { stream: Socket };
}

/**
 * A client that gives up connecting after a while, which a pool's own limit would not do without limiting the wait for a free
 * connection as well, and that breaks its connection when an answer has not come after `limit` ms.
 */
function impatientClient(limit: number | undefined): typeof Client {
  return class extends Client {
    #unanswered = 0;

    constructor(config: object) {
      super({ ...config, connectionTimeoutMillis: CONNECT_MS });
      if (limit === undefined) return;
      const { connection } = this as unknown as Inside;
      const silent = () => connection.stream.destroy(new Error(`PostgreSQL has not answered for ${limit / 1000} s.`));
      // Only now: pg puts TLS around the stream while it connects.
      connection.once('readyForQuery', () => connection.stream.on('timeout', silent));
      connection.on('readyForQuery', () => {
        this.#unanswered = Math.max(this.#unanswered - 1, 0);
        if (this.#unanswered === 0) connection.stream.setTimeout(0);
      });
    }

    override query(...query: unknown[]): never {
      this.#unanswered++;
      if (limit !== undefined) (this as unknown as Inside).connection.stream.setTimeout(limit);
      return super.query(...(query as [never])) as never;
    }
  };
}
