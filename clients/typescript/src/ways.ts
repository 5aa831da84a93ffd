import type { Client as StreamClient } from 'graphql-sse';
import { CloseCode, createClient as createSocket } from 'graphql-ws';
import { type Fault, noAnswer, OsteographError, refusalIn, refusalOf, UNKNOWN_TOKEN } from './errors.ts';
import type { Numbered } from './logs.ts';

/** How events come here, the best way first; by "poll" none come, and the row is asked for instead. */
export type Way = 'socket' | 'stream' | 'poll';

/** The ways to one server, for one token. What was found out about them holds for everything that is followed. */
export interface Ways {
  /** The best one as far as is known. */
  best(): Way;
  /** Goes on with the next poorer way, unless another follower has done so already. */
  giveUp(way: Way): void;
  /** Whether this way is known to work, so that a failure is no reason to give it up. */
  proven(way: Way): boolean;
  /**
   * Events by a connection of this way, until the server says that there are no more, or the signal is aborted.
   *
   * @throws OsteographError what the server refuses; NETWORK when the connection breaks
   * @throws Silence when nothing has come by a way that has never worked
   */
  open<Event extends Numbered>(
    way: 'socket' | 'stream',
    payload: { query: string; variables: Record<string, unknown> },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Event>;
  close(): void;
}

/** A proxy may neither let a connection through nor refuse it. */
export class Silence extends Error {}

/** A way that has never worked is given up when nothing has come by it for so long, ms. */
const SILENCE = 10_000;

/** After so long on a poorer way the best one is tried again, ms: a server that was away is no network that blocks. */
const BETTER_AGAIN = 60_000;

/**
 * @param address of the API, e.g. http://127.0.0.1:4000/graphql
 * @param authorization the header's value, asked for anew for each connection; throws nothing but OsteographError
 */
export function waysTo(address: string, authorization: () => Promise<string>): Ways {
  let current: Way = 'socket';
  let changedAt = 0;
  let socketOpened = false;
  /** What the socket was opened with. */
  let shown: string | undefined;
  const socket = createSocket({
    url: address.replace(/^http/, 'ws'),
    connectionParams: async () => ({ authorization: (shown = await authorization()) }),
    lazy: true,
    // Who follows reconnects: only they know the last event that has come. A retry of the library asks again with the old number.
    retryAttempts: 0,
  });
  socket.on('connected', () => (socketOpened = true));
  let loading: Promise<StreamClient> | undefined;
  // Loaded when it is needed, which is seldom.
  const stream = () =>
    (loading ??= import('graphql-sse').then(
      ({ createClient }) =>
        createClient({
          url: address,
          headers: async () => ({ authorization: await authorization() }),
          retryAttempts: 0,
        }),
      (cause: unknown) => {
        loading = undefined;
        throw noAnswer(cause);
      },
    ));
  /** Why the socket has ended with such a code, where that is for the token. */
  const faultOfToken = async (code: unknown) => {
    try {
      const isOld = (await authorization()) !== shown;
      return code === CloseCode.Forbidden && !isOld ? new OsteographError('UNAUTHENTICATED', UNKNOWN_TOKEN) : undefined;
    } catch (error) {
      return error as OsteographError;
    }
  };
  const proven = (way: Way) => way === 'poll' || (way === 'socket' && socketOpened);

  return {
    best() {
      if (current !== 'socket' && Date.now() - changedAt > BETTER_AGAIN) current = 'socket';
      return current;
    },
    giveUp(way) {
      if (way !== current) return;
      current = way === 'socket' ? 'stream' : 'poll';
      changedAt = Date.now();
    },
    proven,
    async *open<Event extends Numbered>(
      way: 'socket' | 'stream',
      payload: { query: string; variables: Record<string, unknown> },
      signal: AbortSignal | undefined,
    ) {
      const inbox = new Inbox<Event>();
      const leave = () => inbox.end();
      signal?.addEventListener('abort', leave);
      const silence = proven(way)
        ? undefined
        : setTimeout(() => {
            if (!proven(way)) inbox.end(new Silence());
          }, SILENCE);
      const sink = {
        next({ data, errors }: { data?: Record<string, Event> | null; errors?: readonly Fault[] }) {
          clearTimeout(silence);
          if (errors?.length) return inbox.end(refusalIn(errors));
          for (const event of Object.values(data ?? {})) inbox.put(event);
        },
        error: (fault: unknown) => void errorOf(fault, faultOfToken).then((error) => inbox.end(error)),
        complete: () => inbox.end(),
      };
      let unsubscribe: (() => void) | undefined;
      try {
        const client = way === 'socket' ? socket : await stream();
        if (signal?.aborted) return;
        unsubscribe = client.subscribe<Record<string, Event>>(payload, sink);
        for await (const event of inbox.read()) {
          if (signal?.aborted) return;
          yield event;
        }
      } finally {
        clearTimeout(silence);
        signal?.removeEventListener('abort', leave);
        unsubscribe?.();
      }
    },
    close() {
      void socket.dispose();
      loading?.then((client) => client.dispose()).catch(() => undefined);
    },
  };
}

/** What has come and is not read yet, and after it the end. */
class Inbox<Event> {
  readonly #waiting: Event[] = [];
  #over: { fault: Error | undefined } | undefined;
  #wake = () => {};

  put(event: Event): void {
    if (this.#over) return;
    this.#waiting.push(event);
    this.#wake();
  }

  end(fault?: Error): void {
    this.#over ??= { fault };
    this.#wake();
  }

  async *read(): AsyncGenerator<Event> {
    for (;;) {
      while (this.#waiting.length > 0) yield this.#waiting.shift()!;
      if (this.#over?.fault) throw this.#over.fault;
      if (this.#over) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/**
 * What graphql-ws and graphql-sse give as the end of a subscription: the API's errors, a closed socket, an answer that is no stream. A socket that ended with its
 * token is one that broke, if there is another token. One that was closed here had no token to begin with, and graphql-ws does not pass on why.
 */
async function errorOf(
  fault: unknown,
  faultOfToken: (code: unknown) => Promise<OsteographError | undefined>,
): Promise<OsteographError> {
  if (Array.isArray(fault)) return refusalIn(fault as Fault[]);
  if (fault instanceof OsteographError) return fault;
  const { code, response } = (fault ?? {}) as { code?: unknown; response?: Response };
  if (code === CloseCode.Forbidden || code === CloseCode.InternalClientError) {
    return (await faultOfToken(code)) ?? noAnswer(fault);
  }
  // A proxy's page with status 200 is no stream either.
  return response && !response.ok ? refusalOf(response) : noAnswer(fault);
}
