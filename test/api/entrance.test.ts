import { AuditEntry } from '../../src/entities/index.js';
import { createToken, revokeToken } from '../../src/services/access/tokens.js';
import { createAssetUrls } from '../../src/services/files/asset-urls.js';
import { storeAsset } from '../../src/storage/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
});

afterAll(() => api.close());

const VIEWER = JSON.stringify({ query: '{ viewer { name } }' });

function knock(token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return fetch(`${api.url}/graphql`, { method: 'POST', headers, body: VIEWER });
}

test('sixty wrong tokens within a minute close the door to new ones, and to nobody who is known', async () => {
  await knock(api.tokens.READER);
  const guesses = await Promise.all(Array.from({ length: 60 }, (_, index) => knock(`osteo_guess${index}`)));
  const next = await knock('osteo_another');
  const known = await knock(api.tokens.READER);
  const unknownYet = await knock(api.tokens.OPERATOR);

  expect(guesses.map(({ status }) => status)).toEqual(Array.from({ length: 60 }, () => 401));
  expect([next.status, known.status, unknownYet.status]).toEqual([429, 200, 429]);
  expect(Number(next.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await next.json()).toMatchObject({
    errors: [
      {
        message: expect.stringMatching(
          /^This address has shown 60 wrong tokens within 60 s; new tokens are looked at again in \d+ s\.$/,
        ) as string,
        extensions: { code: 'RATE_LIMITED' },
      },
    ],
  });
  expect(await api.dataSource.getRepository(AuditEntry).findBy({ action: 'token.guesses' })).toEqual([
    expect.objectContaining({ tokenId: null, detail: { address: expect.any(String) as string, attempts: 60 } }),
  ]);
});

test('guesses that come all at once are no more than those that come one by one', async () => {
  const other = await startTestServer();
  try {
    const burst = Array.from({ length: 150 }, (_, index) =>
      fetch(`${other.url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer osteo_burst${index}`, 'content-type': 'application/json' },
        body: VIEWER,
      }),
    );
    const statuses = (await Promise.all(burst)).map(({ status }) => status);

    expect(statuses.filter((status) => status === 401)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(90);
  } finally {
    await other.close();
  }
});

test('a URL ends with the token that it was made for', async () => {
  const { dataSource, store, url } = api;
  const asset = await storeAsset(dataSource.manager, store, Buffer.from('a film'), 'image/png');
  const { token } = await createToken(dataSource, { name: 'leaves soon', role: 'READER' });
  const urls = await createAssetUrls(dataSource, Date.now);
  const signed = url + urls.sign(asset.sha256, { tokenId: token.id, role: 'READER' }).url;
  const before = await fetch(signed);
  await revokeToken(dataSource, token.id);
  // The server hears of it from the database.
  let after = await fetch(signed);
  while (after.status === 200) after = await fetch(signed);

  expect([before.status, after.status]).toEqual([200, 403]);
  expect(await after.json()).toMatchObject({
    errors: [{ message: 'The token that this URL was made for has expired or was revoked.' }],
  });
});

test('a URL of a token that expires ends at that moment', async () => {
  const { dataSource, store, url } = api;
  const asset = await storeAsset(dataSource.manager, store, Buffer.from('another film'), 'image/png');
  const expiresAt = new Date(Date.now() + 60_000);
  const { token } = await createToken(dataSource, { name: 'expires', role: 'READER', expiresAt });
  const urls = await createAssetUrls(dataSource, Date.now);
  await dataSource.query(`UPDATE api_token SET expires_at = now() WHERE id = $1`, [token.id]);

  expect((await fetch(url + urls.sign(asset.sha256, { tokenId: token.id, role: 'READER' }).url)).status).toBe(403);
});
