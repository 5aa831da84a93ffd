import { createHash } from 'node:crypto';
import { ApiToken, AuditEntry } from '../../src/entities/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

const VIEWER = '{ viewer { name role canGenerate canAdminister expiresAt } }';

test('a token says who asks and what they may do', async () => {
  const answer = await api.ask(VIEWER, {}, api.tokens.OPERATOR);

  expect(answer.data).toEqual({
    viewer: { name: 'operator', role: 'OPERATOR', canGenerate: true, canAdminister: false, expiresAt: null },
  });
});

test.each([
  ['no token', undefined],
  ['a wrong token', 'Bearer osteo_wrong'],
  ['another scheme', 'Basic b3N0ZW86'],
  ['an empty token', 'Bearer '],
])('%s gets 401, JSON and one sentence', async (_name, authorization) => {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    body: JSON.stringify({ query: VIEWER }),
  });

  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="osteograph"');
  expect(await response.json()).toEqual({
    errors: [{ message: expect.stringMatching(/^[^.]+\.$/), extensions: { code: 'UNAUTHENTICATED' } }],
  });
});

test('an administrator makes a token, which works until it is revoked', async () => {
  const made = await api.ask<{ createToken: { secret: string; token: { id: string } } }>(
    'mutation { createToken(input: { name: "notebook", role: READER }) { secret token { id name role revokedAt } } }',
  );
  const { secret, token } = made.data!.createToken;
  expect(token).toMatchObject({ name: 'notebook', role: 'READER', revokedAt: null });
  expect((await api.ask(VIEWER, {}, secret)).data).toMatchObject({ viewer: { name: 'notebook' } });

  await api.ask('mutation ($id: ID!) { revokeToken(input: { id: $id }) { token { revokedAt } } }', { id: token.id });

  expect((await api.ask(VIEWER, {}, secret)).status).toBe(401);
});

test('a token ends when it expires', async () => {
  const soon = new Date(Date.now() + 60_000);
  const { text, token } = await createToken(api.dataSource, { name: 'short', role: 'READER', expiresAt: soon });
  expect((await api.ask(VIEWER, {}, text)).data).toMatchObject({ viewer: { expiresAt: soon.toISOString() } });

  await api.dataSource.query(`UPDATE api_token SET expires_at = now() - interval '1 second' WHERE id = $1`, [token.id]);

  await refused(text);
});

test.each([
  [
    'an expiry in the past',
    { name: 'x', role: 'READER', expiresAt: '2001-01-01T00:00:00Z' },
    'expiresAt must lie in the future, got 2001-01-01T00:00:00.000Z.',
  ],
  ['an empty name', { name: '   ', role: 'READER' }, 'name must have between 1 and 100 characters.'],
])('%s is refused', async (_name, input, message) => {
  const answer = await api.ask('mutation ($input: CreateTokenInput!) { createToken(input: $input) { secret } }', {
    input,
  });

  expect(answer.errors![0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
});

test('only the hash of a token is stored', async () => {
  const { text } = await createToken(api.dataSource, { name: 'hashed', role: 'READER' });
  const stored = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ name: 'hashed' });

  expect(stored.hash).toBe(createHash('sha256').update(text).digest('hex'));
  expect(JSON.stringify(stored)).not.toContain(text);
});

test('making and revoking leave audit rows that say who did it', async () => {
  const made = await api.ask<{ createToken: { token: { id: string } } }>(
    'mutation { createToken(input: { name: "audited", role: SUMMARY }) { token { id } } }',
  );
  await api.ask('mutation ($id: ID!) { revokeToken(input: { id: $id }) { token { id } } }', {
    id: made.data!.createToken.token.id,
  });
  const admin = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ name: 'admin' });
  const audited = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ name: 'audited' });

  const rows = await api.dataSource
    .getRepository(AuditEntry)
    .find({ where: { target: String(audited.id) }, order: { id: 'ASC' } });

  expect(rows).toMatchObject([
    { action: 'createToken', tokenId: admin.id, detail: { name: 'audited', role: 'SUMMARY' } },
    { action: 'revokeToken', tokenId: admin.id },
  ]);
});

test('revoking what is not a token is refused', async () => {
  const answer = await api.ask('mutation { revokeToken(input: { id: "S25lZUV4YW06MQ" }) { token { id } } }');

  expect(answer.errors![0]!.message).toBe('id must be the id of an ApiToken.');
});

/** Waits until a token gets 401: what changed in the database itself is announced, not known at once. */
async function refused(text: string): Promise<void> {
  while ((await api.ask(VIEWER, {}, text)).status !== 401) await new Promise(setImmediate);
}
