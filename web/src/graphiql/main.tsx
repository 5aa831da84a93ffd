import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';
import { takeToken } from '../lib/session.ts';
import { FIRST_QUERY } from './first-query.ts';
import './page.css';

const token = takeToken();
const authorization = `Bearer ${token ?? '<token>'}`;

/**
 * Operations carry what the headers editor says. The schema is asked for before there is an editor, with the token of this
 * browser; a subscription's headers go into the message that opens its WebSocket, so each has a socket of its own.
 */
const fetcher: ReturnType<typeof createGraphiQLFetcher> = (operation, options) => {
  const headers = { authorization, ...options?.headers };
  const wsClient = createClient({
    url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
    connectionParams: headers,
    lazy: true,
  });
  return createGraphiQLFetcher({ url: '/graphql', headers, wsClient })(operation, options);
};

createRoot(document.querySelector('#root')!).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={FIRST_QUERY}
    defaultHeaders={JSON.stringify({ authorization }, null, 2)}
    initialHeaders={JSON.stringify({ authorization }, null, 2)}
  />,
);
