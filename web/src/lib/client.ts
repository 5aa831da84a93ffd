import { createClient as createSocket, type Client as Socket, type Sink } from 'graphql-ws';
import { cacheExchange, Client, type CombinedError, fetchExchange, mapExchange, subscriptionExchange } from 'urql';

export interface ApiClients {
  client: Client;
  socket: Socket;
  /**
   * Posts JSON where an answer is a file.
   *
   * @throws Error with the server's sentence
   */
  download(path: string, body: object): Promise<Response>;
}

/**
 * The API for one token: queries and mutations over HTTP, subscriptions over one WebSocket.
 *
 * @param onRefused called when the server no longer takes the token
 */
export function createClients(token: string, onRefused: (reason: string) => void): ApiClients {
  const authorization = `Bearer ${token}`;
  const socket = createSocket({
    url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
    connectionParams: { authorization },
    lazy: true,
    // Reconnecting is the business of whoever follows: only they know the last event they have drawn.
    retryAttempts: 0,
  });
  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetchOptions: { headers: { authorization } },
    exchanges: [
      mapExchange({
        onError: (error) => {
          if (codeOf(error) === 'UNAUTHENTICATED') onRefused(sentence(error));
        },
      }),
      cacheExchange,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink as Sink),
          }),
        }),
      }),
    ],
  });
  const download = async (path: string, body: object) => {
    const headers = { authorization, 'content-type': 'application/json' };
    const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (response.ok) return response;
    const { errors } = (await response.json().catch(() => ({}))) as { errors?: { message: string }[] };
    throw new Error(errors?.[0]?.message ?? `The server answered with ${response.status}.`);
  };
  return { client, socket, download };
}

/** `extensions.code` of the first fault; NETWORK where no answer came. */
export function codeOf(error: CombinedError): string {
  if (error.response?.status === 401) return 'UNAUTHENTICATED';
  const code = error.graphQLErrors[0]?.extensions?.['code'];
  return typeof code === 'string' ? code : 'NETWORK';
}

/** What to tell the user: the API's messages are sentences for people. */
export function sentence(error: CombinedError): string {
  const [first] = error.graphQLErrors;
  if (first) return first.message;
  if (error.response?.status === 401) return 'The server does not know this token, or it has expired.';
  return 'The server does not answer. It may be restarting; check the connection and try again.';
}
