import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { decodeId } from '../src/domain/global-ids.js';
import { Bundle, Generation } from '../src/entities/index.js';
import { GENERATION } from '../src/services/generations/index.js';
import { advance } from '../src/work/index.js';
import { topUp } from '../src/scheduling/index.js';
import { openDatabase } from '../src/server/database/index.js';
import { startServer } from '../src/server/start.js';
import { createToken } from '../src/services/access/tokens.js';
import { openBlobStore } from '../src/storage/index.js';
import { type Figure, report } from './report.js';

const EXAMS = 10_000;
/** Repetitions of what is measured more than once; the figure is their median. */
const REPEATS = 15;

/** Ten thousand exams entered, listed, handed out, canceled and asked for again, over HTTP where a user would. */
export async function run(options: { json: boolean }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'osteograph-batches-'));
  const closers: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const database = await openDatabase({ dataDir: folder, purpose: 'a benchmark' });
    closers.push(() => database.close());
    const { dataSource, url: databaseUrl } = database;
    await fill(dataSource);
    const queue = { enqueue: () => Promise.resolve(), ping: () => Promise.resolve() };
    const logger = pino({ level: 'silent' });
    const store = openBlobStore(folder);
    const server = await startServer({
      host: '127.0.0.1',
      port: 0,
      dataSource,
      databaseUrl,
      store,
      queue,
      rateLimit: 0,
      logger,
    });
    closers.push(() => server.close());
    const { text: token } = await createToken(dataSource, { name: 'benchmark', role: 'OPERATOR' });
    const ask = asker(`${server.url}/graphql`, token);
    const figures: Figure[] = [];
    const figure = (name: string, value: number, unit: string, limit?: number) =>
      figures.push({ name, value, unit, better: 'lower', ...(limit === undefined ? {} : { limit }) });

    const made = await timed(() =>
      ask('mutation { synthesizeCohort(input: { where: {} }) { batch { id counters { waiting } } } }'),
    );
    const { batch } = made.result['synthesizeCohort'] as { batch: { id: string; counters: { waiting: number } } };
    if (batch.counters.waiting !== EXAMS) throw new Error(`The batch has ${batch.counters.waiting} waiting exams.`);
    figure('10,000 exams entered', made.seconds, 's', 5);
    const { id } = batch;
    const page = `query ($id: ID!, $after: String) { batch(id: $id) { members(first: 50, after: $after) {
      nodes { position state exam { kl participant { oaiId } } generation { state } } pageInfo { endCursor } } } }`;
    figure('a page of 50 members', await median(() => ask(page, { id })), 'ms');
    const after = await cursorAt(ask, id, 9_000);
    figure('the same, 9,000 exams down', await median(() => ask(page, { id, after })), 'ms');
    figure('a page of batches with pace', await median(() => ask(LIST)), 'ms');
    figure('places in the line of 25 generations', await median(() => ask(PLACES, { id })), 'ms');
    figure('choosing who runs next', await median(() => topUp(dataSource, queue)), 'ms');
    figure('claiming one of the batch', await median(() => claimNext(dataSource, id)), 'ms');
    const change = async (name: string) =>
      (await timed(() => ask(`mutation ($id: ID!) { ${name}(input: { id: $id }) { batch { state } } }`, { id })))
        .seconds;
    figure('pause', 1000 * (await change('pauseBatch')), 'ms');
    await dataSource.query(`UPDATE generation SET state = 'QUEUED' WHERE state = 'RUNNING'`);
    await dataSource.query('UPDATE batch SET waiting = waiting + running, running = 0');
    figure('cancel of all', await change('cancelBatch'), 's');
    figure('retry of all', await change('retryBatch'), 's');
    report(figures, options);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

const LIST = '{ batches { nodes { name state counters { total waiting } generationsPerHour estimatedEnd } } }';
const PLACES = 'query ($id: ID!) { batch(id: $id) { generations(first: 25) { nodes { queuePosition } } } }';

type Ask = (query: string, variables?: object) => Promise<Record<string, unknown>>;

function asker(url: string, token: string): Ask {
  return async (query, variables = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: Record<string, unknown>; errors?: object[] };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
}

/** Exams with grades, each with a film of its own, and a bundle; nothing is ever computed. */
async function fill(dataSource: DataSource): Promise<void> {
  const series = `generate_series(1, ${EXAMS}) AS i`;
  await dataSource.query(`INSERT INTO participant (oai_id, phantom) SELECT (1000000 + i)::text, true FROM ${series}`);
  await dataSource.query(`INSERT INTO visit (participant_id, code, month) SELECT id, 'V00', 0 FROM participant`);
  await dataSource.query(
    `INSERT INTO knee_exam (visit_id, participant_id, side, xrkl) SELECT id, participant_id, 'RIGHT', id % 5 FROM visit`,
  );
  await dataSource.query(
    `INSERT INTO asset (sha256, media_type, bytes, storage_key)
     SELECT encode(sha256(i::text::bytea), 'hex'), 'image/png', 1, i::text FROM ${series}`,
  );
  await dataSource.query(
    `INSERT INTO radiograph (visit_id, view, asset_id)
     SELECT v.id, 'PA', a.id FROM (SELECT id, row_number() OVER () AS i FROM visit) v JOIN asset a ON a.storage_key = v.i::text`,
  );
  const manifest = { sampler: { name: 'ddim', steps: 20, eta: 0 }, schedule: { trainSteps: 2000 } };
  const names = { name: 'benchmark', version: '1.0.0', task: 'xray-to-mri', sha256: 'none', directory: '/nowhere' };
  await dataSource.getRepository(Bundle).insert({ ...names, manifest, state: 'READY', refusal: null });
  await dataSource.query('ANALYZE');
}

async function claimNext(dataSource: DataSource, batch: string): Promise<void> {
  const batchId = String(decodeId(batch)!.key);
  const { manager } = dataSource;
  const next = await manager.findOneOrFail(Generation, {
    where: { batchId, state: 'QUEUED' },
    order: { batchPosition: 'ASC' },
  });
  await advance(manager, GENERATION, { id: next.id, state: 'QUEUED', attempt: 0 }, { to: 'RUNNING' });
}

/** The cursor of a member far down: pages of 200, as a client would. */
async function cursorAt(ask: Ask, id: string, position: number): Promise<string> {
  let after: string | null = null;
  for (let seen = 0; seen < position; seen += 200) {
    const answer = await ask(
      'query ($id: ID!, $after: String) { batch(id: $id) { members(first: 200, after: $after) { pageInfo { endCursor } } } }',
      { id, after },
    );
    after = (answer['batch'] as { members: { pageInfo: { endCursor: string } } }).members.pageInfo.endCursor;
  }
  return after!;
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const began = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - began) / 1000 };
}

/** Milliseconds. */
async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < REPEATS; time++) times.push((await timed(work)).seconds);
  return 1000 * times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)]!;
}
