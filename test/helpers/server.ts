import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from 'graphql-ws';
import type { Logger } from 'typeorm';
import { WebSocket } from 'ws';
import type { Role } from '../../src/domain/roles.js';
import type { WebhookRules } from '../../src/policy/index.js';
import { type GenerationQueue, openQueue } from '../../src/scheduling/index.js';
import { createLogger } from '../../src/server/logging.js';
import { type RunningServer, startServer } from '../../src/server/start.js';
import { DEFAULT_QUOTA } from '../../src/services/access/quotas.js';
import { createToken } from '../../src/services/access/tokens.js';
import type { OidcSettings } from '../../src/services/identity/index.js';
import { type BlobStore, openBlobStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { type Factories, factories } from './factories.js';

/** An answer of the API. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  data: T | null | undefined;
  errors: { message: string; path?: (string | number)[]; extensions: { code: string; id?: string } }[] | undefined;
}

export interface TestServer extends TestDatabase {
  url: string;
  databaseUrl: string;
  /** Has the blobs; pass it to `osteograph worker --data-dir`. */
  dataDir: string;
  server: RunningServer;
  store: BlobStore;
  queue: GenerationQueue;
  make: Factories;
  /** Tokens of each role. */
  tokens: Record<Role, string>;
  /** Lines of the server's log. */
  log: Record<string, unknown>[];
  /** The first line of the log that has all of this, once it is there. */
  logged(wanted: object): Promise<Record<string, unknown>>;
  /** Asks over HTTP, as ADMIN unless a token is given. */
  ask<T = Record<string, unknown>>(query: string, variables?: object, token?: string): Promise<Answer<T>>;
  /** A WebSocket client; disposed with the server. */
  socketClient(token?: string): Client;
  close(): Promise<void>;
}

/** What a test wants otherwise than a server is by default. */
export interface TestServerOptions {
  /** Of the database's connection. */
  logger?: Logger | undefined;
  /** Milliseconds. */
  statementTimeout?: number | undefined;
  rateLimit?: number | undefined;
  /** Where blobs lie; default: in a folder of its own. */
  blobUrl?: string | undefined;
  oidc?: OidcSettings | undefined;
  webhooks?: WebhookRules | undefined;
}

/** The real server on a database of its own, with real blobs and a real queue. */
export async function startTestServer({
  logger,
  statementTimeout,
  rateLimit = DEFAULT_QUOTA,
  blobUrl,
  oidc,
  webhooks,
}: TestServerOptions = {}): Promise<TestServer> {
  const database = await createTestDatabase(logger, statementTimeout);
  const { dataSource, url: databaseUrl } = database;
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-api-'));
  const log: Record<string, unknown>[] = [];
  const lines = new EventEmitter();
  const sink = {
    write(line: string) {
      log.push(JSON.parse(line) as Record<string, unknown>);
      lines.emit('line');
    },
  };
  const pinoLogger = createLogger('test', 'debug', sink);
  const store = openBlobStore(folder, blobUrl);
  const queue = await openQueue({ databaseUrl, logger: pinoLogger });
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    dataSource,
    databaseUrl,
    store,
    queue,
    rateLimit,
    oidc,
    webhooks,
    logger: pinoLogger,
  });
  const tokens = {} as Record<Role, string>;
  for (const role of ['SUMMARY', 'READER', 'OPERATOR', 'ADMIN', 'ANALYST'] as const) {
    tokens[role] = (await createToken(dataSource, { name: role.toLowerCase(), role })).text;
  }
  const clients: Client[] = [];
  return {
    ...database,
    server,
    store,
    queue,
    log,
    async logged(wanted) {
      const isWanted = (line: Record<string, unknown>) =>
        Object.entries(wanted).every(([name, value]) => line[name] === value);
      for (;;) {
        const line = log.find(isWanted);
        if (line) return line;
        await once(lines, 'line');
      }
    },
    tokens,
    url: server.url,
    databaseUrl,
    dataDir: folder,
    make: factories(dataSource),
    ask: (query, variables = {}, token = tokens.ADMIN) => ask(server.url, query, variables, token),
    socketClient(token = tokens.ADMIN) {
      const client = createClient({
        url: `${server.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${token}` },
        retryAttempts: 0,
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) await client.dispose();
      await server.close();
      await queue.close();
      await rm(folder, { recursive: true, force: true });
      await database.drop();
    },
  };
}

/** Asks the API of a server. */
export async function ask<T>(url: string, query: string, variables: object, token: string): Promise<Answer<T>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as Omit<Answer<T>, 'status'>;
  return { status: response.status, data: body.data, errors: body.errors };
}
