import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiClient } from '../../src/cli/api-client.js';
import { compiledModule } from '../../src/domain/package.js';
import { createToken } from '../../src/services/tokens.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';
import { insertPeople } from '../helpers/knees.js';

const EXAMS = 4_000;
const KILLS = 2;
const SYNTHESIZE = `mutation { synthesizeCohort(input: { where: {}, clientKey: "tonight" }) { id counters { waiting total } } }`;

let database: TestDatabase;
let dataDir: string;
let token: string;
let serve: ChildProcess | undefined;

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
  serve?.kill('SIGKILL');
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** `osteograph serve` without a worker, ready to answer. @returns its address */
async function startServe(): Promise<string> {
  const flags = ['--port', '0', '--data-dir', dataDir, '--models', dataDir, '--no-worker'];
  serve = spawn(process.execPath, [compiledModule('cli/main'), 'serve', ...flags], {
    env: { ...process.env, DATABASE_URL: database.url, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const text of serve.stdout!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += text as string;
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(printed);
    if (!address) continue;
    serve.stdout!.resume();
    return address[0];
  }
  throw new Error(`serve ended before it was ready:\n${printed}`);
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
    const client = createApiClient(await startServe(), token);
    const asked = client.request(SYNTHESIZE).catch(() => undefined);
    await entering();
    const ended = once(serve!, 'exit');
    serve!.kill('SIGKILL');
    await ended;
    await asked;
    await client.close();
    // The statement of the dead server may run on to its end, and is then taken back.
    await database.dataSource.query('SELECT 1');
    while ((await rows(`pg_stat_activity WHERE query LIKE 'WITH exam%' AND datname = current_database()`)) > 1);

    const [batches, members, generations] = [await rows('batch'), await rows('batch_member'), await rows('generation')];
    expect([batches, members, generations]).toEqual([batches, batches * EXAMS, batches * EXAMS]);
  }
  const client = createApiClient(await startServe(), token);
  const first = await client.request<{ synthesizeCohort: { id: string } }>(SYNTHESIZE);
  const again = await client.request<{ synthesizeCohort: { id: string } }>(SYNTHESIZE);
  await client.close();

  expect(first).toMatchObject({ synthesizeCohort: { counters: { waiting: EXAMS, total: EXAMS } } });
  expect(again).toEqual(first);
  expect([await rows('batch'), await rows('generation'), await rows('generation_event')]).toEqual([1, EXAMS, EXAMS]);
}, 120_000);
