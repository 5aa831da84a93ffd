import { EventEmitter, once } from 'node:events';
import { pino } from 'pino';
import { type KnownTokens, openKnownTokens } from '../../src/services/access/known-tokens.js';
import { createToken, revokeToken } from '../../src/services/access/tokens.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

let database: TestDatabase;
let tokens: KnownTokens;
const log = new EventEmitter();
/** Statements that looked a token up. */
let lookUps = 0;

beforeAll(async () => {
  database = await createTestDatabase({
    logQuery: (query) => void (lookUps += query.includes('FROM api_token') ? 1 : 0),
    logQueryError: () => undefined,
    logQuerySlow: () => undefined,
    logSchemaBuild: () => undefined,
    logMigration: () => undefined,
    log: () => undefined,
  });
  const sink = { write: (line: string) => void log.emit((JSON.parse(line) as { msg: string }).msg) };
  tokens = await openKnownTokens({
    dataSource: database.dataSource,
    databaseUrl: database.url,
    logger: pino({}, sink),
  });
});

afterAll(async () => {
  await tokens.close();
  await database.drop();
});

test('a token is looked up once', async () => {
  const { text, token } = await make();

  expect(await tokens.verify(text)).toEqual({
    tokenId: token.id,
    name: 'known',
    role: 'READER',
    project: null,
    expiresAt: null,
  });
  const before = lookUps;
  await tokens.verify(text);

  expect(lookUps).toBe(before);
});

test.each([
  ['revoked', (id: number) => revokeToken(database.dataSource, id)],
  ['expired by hand', (id: number) => sql(`UPDATE api_token SET expires_at = now() WHERE id = $1`, id)],
  ['deleted', (id: number) => sql('DELETE FROM api_token WHERE id = $1', id)],
])('one that is %s elsewhere is refused as soon as the database has said so', async (_name, change) => {
  const { text, token } = await make();
  await tokens.verify(text);

  await change(token.id);

  await untilRefused(text);
});

test('one whose role changes elsewhere has the new one', async () => {
  const { text, token } = await make();
  await tokens.verify(text);

  await sql(`UPDATE api_token SET role = 'SUMMARY' WHERE id = $1`, token.id);

  while ((await tokens.verify(text)).role !== 'SUMMARY') await new Promise(setImmediate);
});

test('one that expires ends on time, without anybody saying so', async () => {
  const { text } = await make(new Date(Date.now() + 3_000));
  await tokens.verify(text);

  await untilRefused(text);
});

test('one that was let in is remembered also when it must be looked up again, until it is refused', async () => {
  const short = await openKnownTokens({
    dataSource: database.dataSource,
    databaseUrl: database.url,
    logger: pino({ enabled: false }),
    trustedMs: 0,
  });
  try {
    const expiresAt = new Date(Date.now() + 1_000);
    const { text } = await make(expiresAt);
    await short.verify(text);
    const before = lookUps;
    await short.verify(text);
    expect(lookUps).toBe(before + 1);
    expect(short.remembers(text)).toBe(true);

    await untilRefused(text, short);
    expect(short.remembers(text)).toBe(false);
  } finally {
    await short.close();
  }
});

test('an unknown token is not remembered: it may be made meanwhile', async () => {
  const before = lookUps;
  for (let time = 0; time < 2; time++) {
    await expect(tokens.verify('osteo_unknown')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  }

  expect(lookUps).toBe(before + 2);
});

test('while nobody listens, every token is looked up; afterwards they are known again', async () => {
  const { text, token } = await make();
  await tokens.verify(text);
  const lost = once(log, 'lost the connection that listens for notifications');
  const back = once(log, 'listening for notifications again');
  await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'osteograph listener' AND datname = current_database()`);
  await lost;

  await sql(`UPDATE api_token SET role = 'SUMMARY' WHERE id = $1`, token.id);
  expect((await tokens.verify(text)).role).toBe('SUMMARY');

  await back;
  await tokens.verify(text);
  const before = lookUps;
  await tokens.verify(text);
  expect(lookUps).toBe(before);
});

const make = (expiresAt?: Date) => createToken(database.dataSource, { name: 'known', role: 'READER', expiresAt });

const sql = (text: string, ...values: unknown[]) => database.dataSource.query(text, values);

async function untilRefused(text: string, by = tokens): Promise<void> {
  for (;;) {
    try {
      await by.verify(text);
    } catch (error) {
      return expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    await new Promise(setImmediate);
  }
}
