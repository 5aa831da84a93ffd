import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';
import { currentToken, takeKept } from '../lib/session.ts';
import { FIRST_QUERY } from './first-query.ts';
import './page.css';

const kept = takeKept();
/** What the headers editor begins with; tokens of people who signed in end soon, and are added to each operation. */
const shown: Record<string, string> =
  kept && 'person' in kept ? {} : { authorization: `Bearer ${kept?.token ?? '<token>'}` };

/**
 * Operations carry what the headers editor says. The schema is asked for before there is an editor, with the token of this
 * browser; a subscription's headers go into the message that opens its WebSocket, so each has a socket of its own.
 */
const fetcher = async (...[operation, options]: Parameters<Fetcher>) => {
  const own = kept && 'person' in kept ? { authorization: `Bearer ${await currentToken(kept)}` } : shown;
  const headers = { ...own, ...options?.headers };
  const wsClient = createClient({
    url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
    connectionParams: headers,
    lazy: true,
  });
  return createGraphiQLFetcher({ url: '/graphql', headers, wsClient })(operation, options);
};

type Fetcher = ReturnType<typeof createGraphiQLFetcher>;

createRoot(document.querySelector('#root')!).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={FIRST_QUERY}
    defaultHeaders={JSON.stringify(shown, null, 2)}
    initialHeaders={JSON.stringify(shown, null, 2)}
  />,
);
