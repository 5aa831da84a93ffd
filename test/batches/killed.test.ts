import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../../src/cli/api-client.js';
import { createToken } from '../../src/services/access/tokens.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';
import { insertPeople } from '../helpers/knees.js';
import { type ServeProcess, startServe } from '../helpers/serve-process.js';

const EXAMS = 4_000;
const KILLS = 2;
const SYNTHESIZE = `mutation { synthesizeCohort(input: { where: {}, clientKey: "tonight" }) { batch { id counters { waiting total } } } }`;

let database: TestDatabase;
let dataDir: string;
let token: string;
let serve: ServeProcess | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  const { dataSource } = database;
  dataDir = await mkdtemp(join(tmpdir(), 'osteograph-killed-'));
  await insertPeople(
    dataSource,
    Array.from({ length: EXAMS }, () => ({
      sex: 'FEMALE' as const,
      visits: { V00: { RIGHT: { grades: { XRKL: 2 } } } },
    })),
  );
  const make = factories(dataSource);
  await make.bundle();
  const film = await make.asset();
  await dataSource.query(`INSERT INTO radiograph (visit_id, view, asset_id) SELECT id, 'PA', $1 FROM visit`, [film.id]);
  token = (await createToken(dataSource, { name: 'operator', role: 'OPERATOR' })).text;
});
afterAll(async () => {
  await serve?.end();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** `osteograph serve` without a worker. @returns a client of it */
async function start(): Promise<ApiClient> {
  const env = { ...process.env, DATABASE_URL: database.url, LOG_LEVEL: 'error' };
  serve = await startServe(['--data-dir', dataDir, '--models', dataDir, '--no-worker'], env);
  return createApiClient(serve.url, token);
}

async function rows(table: string): Promise<number> {
  const [{ count }] = (await database.dataSource.query(`SELECT count(*)::integer AS count FROM ${table}`)) as [
    { count: number },
  ];
  return count;
}

/** Resolves when the statement that enters the exams is being run. */
async function entering(): Promise<void> {
  for (;;) {
    const active = (await database.dataSource.query(
      `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'WITH exam AS MATERIALIZED%' AND datname = current_database()`,
    )) as unknown[];
    if (active.length > 0) return;
  }
}

test('a server that is killed while it makes a batch leaves all of it or nothing, and asking again makes it once', async () => {
  for (let kill = 0; kill < KILLS; kill++) {
    const client = await start();
    const asked = client.request(SYNTHESIZE).catch(() => undefined);
    await entering();
    await serve!.end('SIGKILL');
    await asked;
    await client.close();
    // The statement of the dead server may run on to its end, and is then taken back.
    await database.dataSource.query('SELECT 1');
    while ((await rows(`pg_stat_activity WHERE query LIKE 'WITH exam%' AND datname = current_database()`)) > 1);

    const [batches, members, generations] = [await rows('batch'), await rows('batch_member'), await rows('generation')];
    expect([batches, members, generations]).toEqual([batches, batches * EXAMS, batches * EXAMS]);
  }
  const client = await start();
  const first = await client.request<{ synthesizeCohort: { batch: { id: string } } }>(SYNTHESIZE);
  const again = await client.request<{ synthesizeCohort: { batch: { id: string } } }>(SYNTHESIZE);
  await client.close();

  expect(first).toMatchObject({ synthesizeCohort: { batch: { counters: { waiting: EXAMS, total: EXAMS } } } });
  expect(again).toEqual(first);
  expect([await rows('batch'), await rows('generation'), await rows('generation_event')]).toEqual([1, EXAMS, EXAMS]);
});
