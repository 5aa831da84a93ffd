import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  // The same error at the same place as that of a full disk.
  await api.dataSource.query(`
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON api_token FOR EACH ROW EXECUTE FUNCTION no_room();
  `);
});

afterAll(() => api.close());

async function send(query: string): Promise<Response> {
  return fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.ADMIN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
}

test('what needs a disk that is full is a 503 that says what is wrong and when to ask again', async () => {
  const response = await send('mutation { createToken(input: { name: "x", role: READER }) { secret } }');

  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.json()).toMatchObject({
    errors: [
      {
        message: 'The disk of the database is full; nothing can be stored until there is room.',
        extensions: { code: 'UNAVAILABLE', retryAfter: 5 },
      },
    ],
  });
});

test('what only reads is answered meanwhile', async () => {
  expect((await send('{ viewer { name } }')).status).toBe(200);
});

test('a query beyond the limit of cost is the fault of whoever asked', async () => {
  const nested = (depth: number): string =>
    depth === 0 ? 'id' : `participant { visits { exams { id ${nested(depth - 1)} } } }`;
  const response = await send(`{ kneeExams(first: 200) { nodes { ${nested(2)} } } }`);

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
});
