import { auditServer } from 'graphql-http';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

test('the audits of GraphQL over HTTP find no errors', async () => {
  const results = await auditServer({
    url: `${api.url}/graphql`,
    fetchFn: (input: string | URL, init: RequestInit = {}) =>
      fetch(input, {
        ...init,
        headers: {
          authorization: `Bearer ${api.tokens.READER}`,
          // What Apollo's protection against forged requests asks of a GET.
          'apollo-require-preflight': 'true',
          ...(init.headers as Record<string, string>),
        },
      }),
  });

  const failed = results
    .filter(({ status }) => status === 'error')
    .map((result) => `${result.name}: ${JSON.stringify(result)}`);
  expect(failed).toEqual([]);
  expect(results.length).toBeGreaterThan(50);
});

test('a GET that a page of another site could send is refused', async () => {
  const response = await fetch(`${api.url}/graphql?query={__typename}`, {
    headers: { authorization: `Bearer ${api.tokens.READER}` },
  });

  expect(response.status).toBe(400);
});

test('a mutation does not go over GET', async () => {
  const query = encodeURIComponent('mutation { revokeToken(input: { id: "x" }) { token { id } } }');
  const response = await fetch(`${api.url}/graphql?query=${query}`, {
    headers: { authorization: `Bearer ${api.tokens.ADMIN}`, 'apollo-require-preflight': 'true' },
  });

  expect(response.status).toBe(405);
});
