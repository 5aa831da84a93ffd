import type { Client } from 'graphql-ws';
import { createToken } from '../../src/services/access/tokens.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

const LIMIT = 20_000;

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer({ rateLimit: LIMIT });
  await api.make.exam(await api.make.visit(await api.make.participant()));
});

afterAll(() => api.close());

/** Costs 2,201 points, and the request one more: the quota holds nine, and 182 points are left. */
const PAGE = '{ kneeExams(first: 200) { nodes { id kl side womacPain visit { id code age bmi } koosPain } } }';
const QUOTA = '{ viewer { quota { limit window remaining resetSeconds } } }';
const SHARES_POLICY = [
  '"requests";q=504;qu="concurrent-requests"',
  '"sockets";q=1000;qu="concurrent-requests"',
  '"subscriptions";q=1000;qu="concurrent-requests"',
].join(', ');
const POLICY = `"points";q=${LIMIT};w=60, ${SHARES_POLICY}`;

test.each([
  ['an answer', 'POST', '/graphql', '{ viewer { name } }', 200],
  ['a query that cannot be parsed', 'POST', '/graphql', '{ viewer {', 400],
  ['a query that is not valid', 'POST', '/graphql', '{ viewer { nothing } }', 400],
  ['a streamed export', 'GET', '/exports?format=CSV&columns=age', undefined, 200],
  ['an export that is refused', 'GET', '/exports?format=XML', undefined, 400],
])('%s says the policy and what is left of it', async (_name, method, path, query, status) => {
  const response = await send(await token(), query, { method, path });

  expect(response.status).toBe(status);
  expect(response.headers.get('ratelimit-policy')).toBe(POLICY);
  expect(response.headers.get('ratelimit')).toMatch(
    /^"points";r=1\d{4};t=([1-9]|[1-5]\d|60), "requests";r=50[34], "sockets";r=1000, "subscriptions";r=1000$/,
  );
});

test('operations cost what the cost rule says, a mutation much more, a row of an export ten points', async () => {
  const text = await token();
  const left = async (query?: string, path?: string) => {
    return remaining(await send(text, query, path === undefined ? {} : { method: 'GET', path }));
  };

  expect(await left('{ viewer { name } }')).toBe(LIMIT - 3);
  expect(await left(PAGE)).toBe(LIMIT - 3 - 2202);
  expect(await left('mutation { deleteCohort(input: { id: "x" }) { deletedCohortId } }')).toBe(
    LIMIT - 3 - 2202 - 10_003,
  );
  expect(await left(undefined, '/exports?columns=age')).toBe(LIMIT - 3 - 2202 - 10_003 - 1_011);
});

test('a list without first costs its default page of 25 rows', async () => {
  const costs = [];
  for (const args of ['', '(first: 25)', '(first: 26)']) {
    costs.push(await cost(await token(), `{ kneeExams${args} { nodes { id kl } } }`));
  }

  // A row costs the field nodes and two more, the list one, the request one.
  expect(costs).toEqual([77, 77, 80]);
});

test('of a document with several operations the one that runs is charged, whichever ran before', async () => {
  const text = await token();
  const query = `query Small { viewer { name } } query Large ${PAGE}`;
  const costs = [];
  for (const operationName of ['Small', 'Large', 'Small']) costs.push(await cost(text, query, operationName));

  expect(costs).toEqual([3, 2202, 3]);
});

test('who has spent the quota gets 429, a sentence, its figures, and when to come back; what costs less still goes', async () => {
  const text = await token();
  await spend(text, 9);

  const response = await send(text, PAGE);

  expect(response.status).toBe(429);
  const seconds = Number(response.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(response.headers.get('ratelimit')).toBe(
    `"points";r=181;t=${seconds}, "requests";r=503, "sockets";r=1000, "subscriptions";r=1000`,
  );
  expect(response.headers.get('ratelimit-policy')).toBe(POLICY);
  expect(await response.json()).toEqual({ errors: [refusal(181, 2201, seconds)] });
  expect((await send(text, '{ viewer { name } }')).status).toBe(200);
});

test('who has nothing left is refused before anything is read', async () => {
  const { text, id } = await made();
  // Another process has spent it all, thirty seconds ago.
  await api.dataSource.query('INSERT INTO rate_limit VALUES ($1, $2, $3)', [String(id), LIMIT, Date.now() + 30_000]);

  const response = await send(text, 'no query at all');

  expect(response.status).toBe(429);
  expect(await response.json()).toMatchObject({
    errors: [
      { message: expect.stringMatching(/has 0 left, and this request costs 1\. .* whole again in (29|30) s\.$/) },
    ],
  });
});

test('a WebSocket spends from the same quota and is refused in the same words', async () => {
  const text = await token();
  await spend(text, 8);
  const client = api.socketClient(text);

  expect(await socketErrors(client, PAGE)).toEqual([]);
  const [error] = await socketErrors(client, PAGE);

  expect(error).toEqual(refusal(181, 2201, error!.extensions.retryAfter));
});

test('another token is not concerned', async () => {
  await spend(await token(), 9);

  expect((await send(await token(), PAGE)).status).toBe(200);
});

test('viewer shows the quota', async () => {
  const text = await token();
  await spend(text, 1);

  const { data } = await api.ask(QUOTA, {}, text);

  expect(data).toEqual({
    viewer: { quota: { limit: LIMIT, window: 60, remaining: LIMIT - 2202 - 7, resetSeconds: expect.any(Number) } },
  });
});

test('a server without a rate limit says nothing of points and shows no quota', async () => {
  const free = await startTestServer({ rateLimit: 0 });
  try {
    const response = await fetch(`${free.url}/graphql?query=${encodeURIComponent(QUOTA)}`, {
      headers: { authorization: `Bearer ${free.tokens.READER}`, 'apollo-require-preflight': '1' },
    });

    expect(await response.json()).toEqual({ data: { viewer: { quota: null } } });
    expect(response.headers.get('ratelimit')).toBe('"requests";r=504, "sockets";r=1000, "subscriptions";r=1000');
    expect(response.headers.get('ratelimit-policy')).toBe(SHARES_POLICY);
  } finally {
    await free.close();
  }
});

async function token(): Promise<string> {
  return (await made()).text;
}

async function made(): Promise<{ text: string; id: number }> {
  const { text, token: row } = await createToken(api.dataSource, { name: 'spender', role: 'READER' });
  return { text, id: row.id };
}

interface Sent {
  method?: string;
  path?: string;
  operationName?: string;
}

function send(
  text: string,
  query?: string,
  { method = 'POST', path = '/graphql', operationName }: Sent = {},
): Promise<Response> {
  return fetch(`${api.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${text}`, 'content-type': 'application/json' },
    ...(query === undefined ? {} : { body: JSON.stringify({ query, operationName }) }),
  });
}

function remaining({ headers }: Response): number {
  return Number(/r=(\d+)/.exec(headers.get('ratelimit')!)![1]);
}

/** Points that a query takes from the quota. */
async function cost(text: string, query: string, operationName?: string): Promise<number> {
  const before = remaining(await send(text, '{ viewer { name } }'));
  const after = remaining(await send(text, query, operationName === undefined ? {} : { operationName }));
  return before - after;
}

async function spend(text: string, pages: number): Promise<void> {
  for (let page = 0; page < pages; page++) await send(text, PAGE);
}

async function socketErrors(client: Client, query: string): Promise<{ extensions: { retryAfter: number } }[]> {
  const ended = Promise.withResolvers<unknown>();
  client.subscribe({ query }, { next: () => undefined, error: ended.resolve, complete: () => ended.resolve([]) });
  return (await ended.promise) as { extensions: { retryAfter: number } }[];
}

function refusal(remaining: number, cost: number, seconds: number): object {
  return {
    message:
      `A token may spend ${LIMIT} points in 60 s; this one has ${remaining} left, and this query costs ${cost}. ` +
      `The quota is whole again in ${seconds} s; what costs less may go now.`,
    extensions: { code: 'RATE_LIMITED', limit: LIMIT, window: 60, remaining, cost, retryAfter: seconds },
  };
}
