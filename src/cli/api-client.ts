import { type Client, createClient } from 'graphql-ws';
import { UserError } from '../domain/errors.js';

/** A small client of the public API: what the demo does, any program can do. */
export interface ApiClient {
  /** Runs a query or mutation. @throws UserError with the first error's message */
  request<T>(document: string, variables?: Record<string, unknown>): Promise<T>;
  /** Runs a subscription over WebSocket until the server completes it; reconnecting is the caller's business. */
  subscribe<T>(document: string, variables?: Record<string, unknown>): AsyncIterable<T>;
  /** The bytes behind a signed asset URL. */
  download(url: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** @param url address of the server, e.g. http://127.0.0.1:4000 */
export function createApiClient(url: string, token: string): ApiClient {
  const authorization = `Bearer ${token}`;
  const sockets: Client = createClient({
    url: new URL('/graphql', url).href.replace(/^http/, 'ws'),
    connectionParams: { authorization },
    lazy: true,
    retryAttempts: 0,
  });
  return {
    async request<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
      const response = await fetch(new URL('/graphql', url), {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      }).catch((cause: unknown) => {
        throw new UserError('UNAVAILABLE', `${url} does not answer.`, { cause });
      });
      const { data, errors } = (await response.json()) as { data?: T; errors?: { message: string }[] };
      if (errors?.[0] || !data) throw new UserError('UNAVAILABLE', errors?.[0]?.message ?? `HTTP ${response.status}`);
      return data;
    },
    async *subscribe<T>(query: string, variables: Record<string, unknown> = {}): AsyncIterable<T> {
      for await (const { data, errors } of sockets.iterate<T>({ query, variables })) {
        if (errors?.[0] || !data)
          throw new UserError('UNAVAILABLE', errors?.[0]?.message ?? 'The subscription broke off.');
        yield data;
      }
    },
    async download(path: string): Promise<Buffer> {
      const response = await fetch(new URL(path, url));
      if (!response.ok)
        throw new UserError('UNAVAILABLE', `The download of ${path} failed with HTTP ${response.status}.`);
      return Buffer.from(await response.arrayBuffer());
    },
    close: async () => {
      await sockets.dispose();
    },
  };
}
