import { print } from '@0no-co/graphql.web';
import { type Fault, noAnswer, OsteographError, refusalIn, refusalOf } from './errors.ts';
import { followLog, type FollowOptions } from './follow.ts';
import type { TadaDocumentNode } from './graphql.ts';
import { type Kind, type Kinds, LOGS, type Numbered } from './logs.ts';
import { waysTo } from './ways.ts';

export interface ConnectOptions {
  /** Address of the server, e.g. http://127.0.0.1:4000. */
  url: string;
  /**
   * Who asks: `osteograph token create` prints one. A function where tokens end and are renewed: it is called for every request and every
   * connection, and gives the one that is good now. Where it throws, no answer came, and what is followed asks again; an OsteographError
   * goes to whoever asked, such as UNAUTHENTICATED when somebody has to sign in again.
   */
  token: string | (() => string | Promise<string>);
}

/** Variables need not be given where the document has none, or none that it requires. */
type Given<Variables> = Record<string, never> extends Variables ? [variables?: Variables] : [variables: Variables];

/** The API of one server, for one token. */
export interface Osteograph {
  /**
   * Runs a query or a mutation.
   *
   * @throws OsteographError with the code and the sentence of the first error; NETWORK where no answer came
   */
  ask<Result, Variables>(
    document: TadaDocumentNode<Result, Variables>,
    ...[variables]: Given<Variables>
  ): Promise<Result>;

  /**
   * Follows something to its end: its events, each once and in order, whatever breaks in between. WebSocket carries them; where
   * none gets through, server-sent events do; where those do not either, the row comes in their place whenever it has changed,
   * and stands for every event up to its `lastSeq`. An export has no log: its row is what comes, always.
   *
   * @param id node id
   * @throws OsteographError what would not change by asking again, at once: NOT_FOUND, UNAUTHENTICATED, FORBIDDEN, ... It never
   *   ends for a server that is away: `signal` ends it then
   */
  follow<K extends Kind, Event extends Numbered = Kinds[K]['event']>(
    kind: K,
    id: string,
    options?: FollowOptions<Event>,
  ): AsyncGenerator<Event | Kinds[K]['row'], void>;

  /**
   * `fetch` with the token, for what is not GraphQL: `/exports`, `/radiographs`, signed URLs of assets.
   *
   * @param path on this server
   * @throws OsteographError for every answer that is no success, with the server's sentence
   */
  fetch(path: string, init?: RequestInit): Promise<Response>;

  /** Closes its connections. Without one it keeps nothing open: a program that follows nothing ends by itself. */
  close(): void;
}

/** Says where the server is and who asks; connects to nothing yet. */
export function connect({ url, token }: ConnectOptions): Osteograph {
  const authorization = async () => {
    try {
      return `Bearer ${typeof token === 'function' ? await token() : token}`;
    } catch (cause) {
      throw cause instanceof OsteographError ? cause : noAnswer(cause);
    }
  };
  const ways = waysTo(new URL('/graphql', url).href, authorization);

  const send: Osteograph['fetch'] = async (path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', await authorization());
    const response = await fetch(new URL(path, url), { ...init, headers }).catch((cause: unknown) =>
      Promise.reject(noAnswer(cause)),
    );
    if (!response.ok) throw await refusalOf(response);
    return response;
  };

  const ask = async <Result, Variables>(
    document: TadaDocumentNode<Result, Variables>,
    ...[variables]: Given<Variables>
  ): Promise<Result> => {
    const response = await send('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: print(document), variables }),
    });
    const answer = response.json() as Promise<{ data?: Result | null; errors?: Fault[] }>;
    const { data, errors } = await answer.catch((cause: unknown) => Promise.reject(noAnswer(cause)));
    if (errors?.length || !data) throw refusalIn(errors ?? [], response.status);
    return data;
  };

  const readRow = async <K extends Kind>(kind: K, id: string): Promise<Kinds[K]['row']> => {
    const [row] = Object.values(await ask(LOGS[kind].row, { id }));
    if (!row) throw new OsteographError('NOT_FOUND', `There is no ${kind} with this id.`);
    return row;
  };

  return {
    ask,
    follow: (kind, id, options = {}) => followLog({ ways, readRow }, kind, id, options),
    fetch: send,
    close: () => ways.close(),
  };
}
