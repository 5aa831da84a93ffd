import { Agent, request } from 'node:http';
import { Client } from 'pg';
import { PAGE, PAGE_POSTGRAPHILE, PAGE_SIZE, PAGE_SQL } from './queries.js';

/** Gives pages of the list, one after the other, from the start again after the last. */
export interface Pager {
  next(): Promise<void>;
  close(): Promise<void>;
}

/** After so many pages everybody starts again, so that all look at the same rows. */
const ROUND = 40;

/** Pages of a GraphQL server. */
export function graphqlPager(
  url: string,
  { token, language }: { token?: string; language: 'osteograph' | 'postgraphile' },
): Pager {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const query = language === 'osteograph' ? PAGE : PAGE_POSTGRAPHILE;
  let after: string | null = null;
  let count = 0;
  return {
    async next() {
      const variables = { first: PAGE_SIZE, after: count++ % ROUND === 0 ? null : after };
      const answer = (await post(agent, `${url}/graphql`, JSON.stringify({ query, variables }), token)) as Answer;
      const page = answer.data?.kneeExams ?? answer.data?.allKneeExams;
      if (answer.errors || page?.nodes.length !== PAGE_SIZE) {
        throw new Error(`${language} gave no page: ${JSON.stringify(answer).slice(0, 300)}`);
      }
      after = page.pageInfo.endCursor;
    },
    close: async () => agent.destroy(),
  };
}

/** Any query of ours that is not a page, without looking at the answer. */
export function graphqlAsker(url: string, token: string, query: string): Pager {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async next() {
      const answer = (await post(agent, `${url}/graphql`, JSON.stringify({ query }), token)) as Answer;
      if (answer.errors) throw new Error(`${query} gave ${JSON.stringify(answer.errors).slice(0, 300)}`);
    },
    close: async () => agent.destroy(),
  };
}

/** The hand-written query on a connection of its own; `prepared` leaves planning it out from the second time on. */
export async function sqlPager(databaseUrl: string, { prepared }: { prepared: boolean }): Promise<Pager> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  let last = 0;
  let count = 0;
  return {
    async next() {
      const values = [count++ % ROUND === 0 ? 0 : last];
      const { rows } = await client.query<{ page: { nodes: unknown[]; last: number } }>({
        text: PAGE_SQL,
        values,
        ...(prepared ? { name: 'page' } : {}),
      });
      const { page } = rows[0]!;
      if (page.nodes.length !== PAGE_SIZE) throw new Error('The hand-written query gave no page.');
      ({ last } = page);
    },
    close: () => client.end(),
  };
}

/** Any statement on a connection of its own. */
export async function sqlAsker(databaseUrl: string, text: string): Promise<Pager> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  return {
    async next() {
      await client.query(text);
    },
    close: () => client.end(),
  };
}

interface Answer {
  data?: Partial<Record<'kneeExams' | 'allKneeExams', { nodes: unknown[]; pageInfo: { endCursor: string } }>>;
  errors?: unknown;
}

/** By node:http, which costs the client a third of what fetch does: the client shares the machine with what it measures. */
function post(agent: Agent, url: string, body: string, token?: string): Promise<unknown> {
  const answered = Promise.withResolvers<unknown>();
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  const sent = request(url, { method: 'POST', agent, headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => answered.resolve(JSON.parse(Buffer.concat(chunks).toString())));
  });
  sent.on('error', answered.reject);
  sent.end(body);
  return answered.promise;
}
