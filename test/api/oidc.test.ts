import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { encodeId } from '../../src/domain/global-ids.js';
import { ApiToken, AuditEntry } from '../../src/entities/index.js';
import { revokeToken } from '../../src/services/access/tokens.js';
import { createLogger } from '../../src/server/logging.js';
import { openIdentity } from '../../src/services/identity/index.js';
import { createAssetUrls } from '../../src/services/files/asset-urls.js';
import { storeAsset } from '../../src/storage/index.js';
import { runCommand } from '../helpers/command.js';
import { AUDIENCE, CLIENT_ID, startProvider, type TestProvider } from '../helpers/oidc-provider.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let provider: TestProvider;
let api: TestServer;

beforeAll(async () => {
  provider = await startProvider();
  api = await startTestServer({ oidc: provider.settings() });
});

afterAll(async () => {
  await api.close();
  await provider.close();
});

const VIEWER = '{ viewer { name role expiresAt } }';
const REFUSED =
  'This token is not one that the identity provider has given out for this server, or it has expired; sign in again.';

/** Seconds since 1970, so many from now. */
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

test.each([
  ['ada', 'Ada Reader', 'READER'],
  ['otto', 'Otto Operator', 'OPERATOR'],
  ['grace', 'Grace Admin', 'ADMIN'],
])('whom the provider vouches for has the role of their groups: %s', async (subject, name, role) => {
  const answer = await api.ask(VIEWER, {}, await provider.token(subject));

  expect(answer).toMatchObject({ status: 200, data: { viewer: { name, role, expiresAt: expect.any(String) } } });
});

test('who has no group that is mapped gets 403 and is told which claim was looked at', async () => {
  const answer = await api.ask(VIEWER, {}, await provider.token('nobody'));

  expect(answer).toMatchObject({
    status: 403,
    errors: [
      {
        message:
          '"No Body" has no role at this server: the claim "groups" has no value that is mapped to one; ask an administrator.',
        extensions: { code: 'FORBIDDEN' },
      },
    ],
  });
});

test.each([
  ['without control characters', { name: 'Ada\u001b[2J\n\u202eReader\0' }, 'Ada[2JReader'],
  ['in whole characters', { name: 'x'.repeat(99) + '🦴🦴' }, `${'x'.repeat(99)}🦴`],
  ['without halves of characters', { name: 'Ada\ud83e' }, 'Ada'],
  ['by the next claim where nothing is left', { name: '\u200b', preferred_username: 'ada' }, 'ada'],
])('a name is what people see, %s', async (_how, names, expected) => {
  const answer = await api.ask(VIEWER, {}, await provider.sign({ sub: 'named', ...names }));

  expect(answer).toMatchObject({ status: 200, data: { viewer: { name: expected } } });
});

test('a socket tells whoever has no role, also where their name has letters of several bytes', async () => {
  const token = await provider.sign({ sub: 'long', name: 'Я'.repeat(100), groups: [] });
  const client = api.socketClient(token);
  const closed = Promise.withResolvers<unknown>();
  client.on('closed', closed.resolve);
  client.subscribe({ query: VIEWER }, { next() {}, error() {}, complete() {} });

  expect(await closed.promise).toMatchObject({ code: 4403, reason: `"${'Я'.repeat(61)}` });
});

test('wrong tokens of others behind one address keep nobody out who has just signed in, and those of a provider are bounded too', async () => {
  const other = await startTestServer({ oidc: provider.settings() });
  const show = (token: string) => other.ask(VIEWER, {}, token);
  const all = async (count: number, token: (index: number) => string) =>
    new Set(
      (await Promise.all(Array.from({ length: count }, (_, index) => show(token(index))))).map((one) => one.status),
    );
  try {
    expect(await all(60, (index) => `osteo_guess${index}`)).toEqual(new Set([401]));
    expect(await show('osteo_another')).toMatchObject({ status: 429 });
    expect(await show(await provider.token('ada'))).toMatchObject({ status: 200 });

    expect(await all(600, (index) => `eyJhbGciOiJSUzI1NiJ9.e30.${index}`)).toEqual(new Set([401]));
    expect(await show(await provider.token('otto'))).toMatchObject({
      status: 429,
      errors: [{ message: expect.stringMatching(/^This address has shown 600 wrong tokens within 60 s; /) }],
    });
  } finally {
    await other.close();
  }
});

test('every door takes such a token: HTTP, sockets, event streams, exports, uploads and DICOMweb', async () => {
  const token = await provider.token('ada');
  const headers = { authorization: `Bearer ${token}` };
  const exported = await fetch(`${api.url}/exports?format=CSV`, { headers });
  const studies = await fetch(`${api.url}/dicomweb/studies`, {
    headers: { ...headers, accept: 'application/dicom+json' },
  });
  const upload = await fetch(`${api.url}/radiographs`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: 'no film',
  });
  const stream = await fetch(`${api.url}/graphql?query=${encodeURIComponent(VIEWER)}`, {
    headers: { ...headers, accept: 'text/event-stream' },
  });
  const overSocket: unknown[] = [];
  for await (const { data } of api.socketClient(token).iterate({ query: VIEWER })) overSocket.push(data);

  expect([exported.status, studies.status, stream.status]).toEqual([200, 204, 200]);
  // A reader may upload nothing: whoever is refused for that was let in.
  expect(upload.status).toBe(403);
  expect(await upload.json()).toMatchObject({ errors: [{ message: expect.stringContaining('READER') as string }] });
  expect(await stream.text()).toContain('"name":"Ada Reader"');
  expect(overSocket).toMatchObject([{ viewer: { name: 'Ada Reader', role: 'READER' } }]);
});

describe('a token that the provider would not have given for this server', () => {
  test.each<[string, () => Promise<string>]>([
    ['is for another audience', () => provider.token('grace', 'urn:another:api')],
    ['is for another audience, signed by the right key', () => provider.sign({ aud: 'osteograph' })],
    ['is of another issuer', () => provider.sign({ iss: 'https://elsewhere.example.org' })],
    ['has expired', () => provider.sign({ exp: inSeconds(-1) })],
    ['never expires', () => provider.sign({ exp: undefined })],
    ['is not good yet', () => provider.sign({ nbf: inSeconds(300) })],
    ['has a control character in its subject', () => provider.sign({ sub: 'ada\u001b[2J' })],
    ['names nobody', () => provider.sign({ sub: undefined })],
    ['is an ID token', () => provider.sign({ at_hash: 'x', aud: AUDIENCE })],
    ['is signed by a key of the wrong name', () => provider.sign({}, { kid: 'unknown' })],
    ['says alg none', async () => unsigned(await provider.sign({}))],
    ['is changed', async () => changed(await provider.sign({}))],
    ['is signed by somebody else', () => signedElsewhere()],
    ['is signed by HMAC with what everybody knows', () => signedByHmac()],
  ])('%s: 401', async (_name, make) => {
    const answer = await api.ask(VIEWER, {}, await make());

    expect(answer).toMatchObject({ status: 401, errors: [{ message: REFUSED }] });
  });

  test('is refused for its algorithm, though a key of the provider made it', async () => {
    const { privateKey } = await generateKeyPair('ML-DSA-44', { extractable: true });
    const jwk = { ...(await exportJWK(privateKey)), kid: 'new', alg: 'ML-DSA-44', use: 'sig' };
    const { priv: _, ...published } = jwk;
    const server = createServer((request, response) => {
      const issuer = `http://${request.headers.host}`;
      const isKeys = request.url === '/jwks';
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(isKeys ? { keys: [published] } : { issuer, jwks_uri: `${issuer}/jwks` }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const other = await startTestServer({ oidc: provider.settings({ issuer, clientId: 'x', audiences: [AUDIENCE] }) });
    try {
      const token = await claims()
        .setIssuer(issuer)
        .setProtectedHeader({ alg: 'ML-DSA-44', kid: 'new' })
        .sign(privateKey);

      expect(await other.ask(VIEWER, {}, token)).toMatchObject({ status: 401, errors: [{ message: REFUSED }] });
    } finally {
      await other.close();
      server.close();
    }
  });
});

test('a token for the client itself is taken only if it says that it is an access token', async () => {
  const other = await startTestServer({ oidc: provider.settings({ audiences: [] }) });
  const status = async (changes: object, typ?: string) => {
    const token = await provider.sign({ aud: CLIENT_ID, ...changes }, typ === undefined ? {} : { typ });
    return (await other.ask(VIEWER, {}, token)).status;
  };
  try {
    expect(await status({})).toBe(401);
    expect(await status({ aud: [CLIENT_ID, AUDIENCE] }, 'JWT')).toBe(401);
    expect(await status({ typ: 'ID' })).toBe(401);
    expect(await status({ typ: 'Bearer' })).toBe(200);
    expect(await status({}, 'at+jwt')).toBe(200);
    expect(await status({}, 'application/at+jwt')).toBe(200);
  } finally {
    await other.close();
  }
});

test('why a token was refused is logged, and nothing of the person', async () => {
  const person = { name: 'Private Person', email: 'private@example.org', groups: ['private-group'] };
  await api.ask(VIEWER, {}, await provider.sign({ ...person, aud: 'osteograph' }));

  const line = await api.logged({ msg: 'a token of the identity provider was refused', claim: 'aud' });
  expect(line).toMatchObject({ code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud', reason: 'check_failed' });
  expect(JSON.stringify(api.log)).not.toMatch(/private/i);
});

test('what somebody owns stays theirs over tokens and names, and is told apart by issuer', async () => {
  const first = await provider.sign({ sub: 'owner', name: 'Olga', groups: ['lab'], exp: inSeconds(300) });
  const made = await api.ask<{ createCohort: { cohort: { id: string } } }>(CREATE_COHORT, {}, first);
  const later = await provider.sign({ sub: 'owner', name: 'Olga Renamed', groups: ['lab'], exp: inSeconds(400) });
  const other = await provider.sign({ sub: 'other', name: 'Olga Renamed', groups: ['lab'], exp: inSeconds(400) });
  const id = made.data!.createCohort.cohort.id;

  const theirs = await api.ask('query ($id: ID!) { cohort(id: $id) { owner } }', { id }, later);
  const others = await api.ask('query ($id: ID!) { cohort(id: $id) { owner } }', { id }, other);

  expect(theirs.data).toEqual({ cohort: { owner: 'Olga Renamed' } });
  expect(others.data).toEqual({ cohort: null });
});

test('the audit names who signed in, and by them what they did', async () => {
  const token = await provider.sign({ sub: 'auditee', name: 'Audrey', groups: ['lab'] });
  await api.ask(CREATE_COHORT, {}, token);
  const person = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ subject: 'auditee' });
  const rows = await api.dataSource
    .getRepository(AuditEntry)
    .find({ where: { tokenId: person.id }, order: { id: 'ASC' } });
  const asked = await api.ask(
    '{ auditEntries(first: 1, where: { action: { eq: "createCohort" } }) { nodes { token { name issuer subject } } } }',
  );

  expect(rows).toMatchObject([
    { action: 'signIn', detail: { issuer: provider.issuer, subject: 'auditee', name: 'Audrey', role: 'OPERATOR' } },
    { action: 'createCohort' },
  ]);
  expect(asked.data).toEqual({
    auditEntries: { nodes: [{ token: { name: 'Audrey', issuer: provider.issuer, subject: 'auditee' } }] },
  });
});

test('another role of a later token is noted, the same is not', async () => {
  const roles = async (groups: string[], seconds: number) =>
    api.ask(VIEWER, {}, await provider.sign({ sub: 'promoted', groups, exp: inSeconds(seconds) }));
  await roles(['radiology'], 100);
  await roles(['radiology'], 200);
  const promoted = await roles(['admins'], 300);
  const { id } = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ subject: 'promoted' });

  const noted = await api.dataSource
    .getRepository(AuditEntry)
    .find({ where: { tokenId: id, action: 'signIn' }, order: { id: 'ASC' } });
  expect(promoted.data).toMatchObject({ viewer: { role: 'ADMIN' } });
  expect(noted.map(({ detail }) => detail['role'])).toEqual(['READER', 'ADMIN']);
});

test('sockets and event streams end within five seconds of the token, signed URLs with it', async () => {
  const { dataSource, store, url } = api;
  const asset = await storeAsset(dataSource.manager, store, Buffer.from('a film of a person'), 'image/png');
  const ends = inSeconds(4);
  const token = await provider.sign({ sub: 'leaver', groups: ['radiology'], exp: ends });
  const client = api.socketClient(token);
  const visit = await api.make.visit(await api.make.participant());
  const exam = await api.make.exam(visit);
  const radiograph = await api.make.radiograph(exam);
  const generation = await api.make.generation(exam, radiograph, await api.make.bundle());
  const variables = { id: encodeId('Generation', generation.id) };
  const query = 'subscription ($id: ID!) { generationProgress(id: $id) { seq } }';
  const closed = Promise.withResolvers<number>();
  client.on('closed', (event) => closed.resolve((event as { code: number }).code));
  client.subscribe({ query, variables }, { next() {}, error() {}, complete() {} });
  const stream = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { id } = await dataSource.getRepository(ApiToken).findOneByOrFail({ subject: 'leaver' });
  const signed =
    url + (await createAssetUrls(dataSource, Date.now)).sign(asset.sha256, { tokenId: id, role: 'READER' }).url;
  const before = await fetch(signed);

  const code = await closed.promise;
  await stream.text();
  const late = Date.now() / 1_000 - ends;
  const after = await fetch(signed);

  expect([before.status, code, after.status]).toEqual([200, 4403, 403]);
  expect(late).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(5);
});

test("an image's address is good for the role of the token that asked, whichever token of the person ends last", async () => {
  const { make, dataSource, store } = api;
  const asset = await storeAsset(dataSource.manager, store, Buffer.from('a film of two roles'), 'image/png');
  const exam = await make.exam(await make.visit(await make.participant()));
  const film = await make.radiograph(exam, { assetId: asset.id });
  const fetched = async (groups: string[], exp: number): Promise<number> => {
    const token = await provider.sign({ sub: `of ${groups.join()} and another`, groups, exp: inSeconds(exp) });
    const other = groups[0] === 'radiology' ? 'statistics' : 'radiology';
    await api.ask(
      VIEWER,
      {},
      await provider.sign({ sub: `of ${groups.join()} and another`, groups: [other], exp: inSeconds(600) }),
    );
    const { data } = await api.ask<{ node: { image: { url: string } } }>(
      'query ($id: ID!) { node(id: $id) { ... on Radiograph { image { url } } } }',
      { id: encodeId('Radiograph', film.id) },
      token,
    );
    return (await fetch(api.url + data!.node.image.url)).status;
  };

  expect(await fetched(['statistics'], 300)).toBe(403);
  expect(await fetched(['radiology'], 300)).toBe(200);
});

test('whom an administrator revokes here is out, whatever the provider says', async () => {
  await api.ask(VIEWER, {}, await provider.sign({ sub: 'banned', groups: ['admins'], exp: inSeconds(300) }));
  const { id } = await api.dataSource.getRepository(ApiToken).findOneByOrFail({ subject: 'banned' });
  await revokeToken(api.dataSource, id);
  const newToken = await provider.sign({ sub: 'banned', groups: ['admins'], exp: inSeconds(600) });

  const answer = await api.ask(VIEWER, {}, newToken);

  expect(answer).toMatchObject({
    status: 401,
    errors: [{ message: 'An administrator of this server has revoked your access.' }],
  });

  const readmitted = await runCommand(['token', 'readmit', String(id)], { DATABASE_URL: api.databaseUrl });
  expect(readmitted.stdout).toBe(`Readmitted ${id} (banned).\n`);
  expect((await api.ask(VIEWER, {}, newToken)).status).toBe(200);
  const [reader] = await api.dataSource.getRepository(ApiToken).findBy({ name: 'reader' });
  const ours = await runCommand(['token', 'readmit', String(reader!.id)], { DATABASE_URL: api.databaseUrl });
  expect(ours.stderr).toMatch(/^osteograph: There is no person \d+;/);
});

test('lists of tokens and of the audit name the person', async () => {
  await api.ask(VIEWER, {}, await provider.sign({ sub: 'listed', name: 'Lis Ted', groups: ['lab'] }));
  const env = { DATABASE_URL: api.databaseUrl };
  const tokens = await runCommand(['token', 'list'], env);
  const rows = await runCommand(['audit', 'list', '--action', 'signIn', '--limit', '1'], env);

  expect(tokens.stdout).toContain(`Lis Ted (subject listed of ${provider.issuer})`);
  expect(rows.stdout).toContain(`signIn by Lis Ted (subject listed of ${provider.issuer})`);
});

test('keys are asked for once, and again for a key that is not known', async () => {
  const first = await provider.sign({ sub: 'rotator' });
  await api.ask(VIEWER, {}, first);
  const before = provider.requests.get('/jwks');
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) =>
      api.ask(VIEWER, {}, await provider.sign({ sub: `rotator${index}` })),
    ),
  );
  const after = provider.requests.get('/jwks');
  await provider.rotate();
  const renewed = await provider.sign({ sub: 'rotator', exp: inSeconds(500) });
  let answer = await api.ask(VIEWER, {}, renewed);
  while (answer.status === 401) answer = await api.ask(VIEWER, {}, renewed);

  expect(after).toBe(before);
  expect(answer.status).toBe(200);
});

test('while the provider is away its tokens get 503, and tokens of this server work', async () => {
  provider.fail(true);
  const other = await startTestServer({ oidc: provider.settings() });
  try {
    const token = await provider.sign({ sub: 'ada' });
    const answer = await fetch(`${other.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: VIEWER }),
    });
    const expired = await other.ask(VIEWER, {}, await provider.sign({ sub: 'ada', exp: inSeconds(-1) }));
    const own = await other.ask(VIEWER, {}, other.tokens.READER);
    await other.dataSource.query(
      `INSERT INTO api_token (issuer, subject, name, role, expires_at, revoked_at) VALUES ($1, 'banned', 'Banned', 'ADMIN', now(), now())`,
      [provider.issuer],
    );
    const revoked = await other.ask(VIEWER, {}, await provider.sign({ sub: 'banned' }));

    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({
      errors: [
        {
          message: `The identity provider ${new URL(provider.issuer).host} does not answer; tokens of this server work meanwhile.`,
          extensions: { code: 'UNAVAILABLE' },
        },
      ],
    });
    expect([expired.status, own.status]).toEqual([401, 200]);
    expect(revoked).toMatchObject({ status: 401, errors: [{ message: REFUSED }] });
    expect((await fetch(`${other.url}/sign-in`)).status).toBe(503);
  } finally {
    provider.fail(false);
    await other.close();
  }
});

test('the first page that is sent may already ask the provider at its other address', async () => {
  const server = createServer((request, response) => {
    const issuer = `http://${request.headers.host}`;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ issuer, token_endpoint: 'https://tokens.example.org/token' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const identity = openIdentity(provider.settings({ issuer, clientId: CLIENT_ID }), {
    dataSource: api.dataSource,
    logger: createLogger('test', 'silent'),
    now: Date.now,
  });
  const known = await identity.origins();
  server.close();

  expect(known).toEqual([issuer, 'https://tokens.example.org']);
});

test('a program learns where people sign in, and that they do not', async () => {
  const here = await fetch(`${api.url}/sign-in`);
  const other = await startTestServer();
  const elsewhere = await fetch(`${other.url}/sign-in`);
  await other.close();

  expect(await here.json()).toEqual({
    provider: {
      issuer: provider.issuer,
      clientId: 'osteograph',
      scope: 'openid profile',
      resource: 'urn:osteograph:api',
      authorizationEndpoint: `${provider.issuer}/auth`,
      tokenEndpoint: `${provider.issuer}/token`,
      endSessionEndpoint: `${provider.issuer}/session/end`,
      idTokenAlgorithms: ['RS256'],
    },
  });
  expect(await elsewhere.json()).toEqual({ provider: null });
});

const CREATE_COHORT =
  'mutation { createCohort(input: { name: "mine", kind: DYNAMIC, filter: { kl: { eq: 2 } } }) { cohort { id } } }';

function unsigned(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  return `${header}.${token.split('.')[1]}.`;
}

/** The same signature over what makes its bearer an administrator. */
function changed(token: string): string {
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return [header, Buffer.from(JSON.stringify({ ...claims, groups: ['admins'] })).toString('base64url'), signature].join(
    '.',
  );
}

function claims(): SignJWT {
  return new SignJWT({ groups: ['admins'] })
    .setIssuer(provider.issuer)
    .setAudience(AUDIENCE)
    .setSubject('grace')
    .setExpirationTime('10m');
}

async function signedElsewhere(): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256');
  return claims().setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(privateKey);
}

async function signedByHmac(): Promise<string> {
  const keys = await (await fetch(`${provider.issuer}/jwks`)).text();
  return claims().setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(new TextEncoder().encode(keys));
}
