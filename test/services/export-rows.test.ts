import { finished } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { Logger } from 'typeorm';
import { chooseColumns } from '../../src/services/exports/columns.js';
import { type ExportProgress, readRows } from '../../src/services/exports/rows.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';

const statements: string[] = [];
const recorder = { logQuery: (query: string) => void statements.push(query) } as unknown as Logger;

let database: TestDatabase;
const columns = chooseColumns(['age', 'grades', 'readings']);

beforeAll(async () => {
  database = await createTestDatabase(recorder);
  await addExams(50);
});

afterAll(() => database.drop());

/** Exams of so many visits, both knees. */
function addExams(visits: number): Promise<unknown> {
  return database.dataSource.query(
    `WITH people AS (INSERT INTO participant (oai_id, phantom) SELECT nextval('participant_id_seq') + 1000000, n % 2 = 0 FROM generate_series(1, $1::integer) n RETURNING id),
          days AS (INSERT INTO visit (participant_id, code, month, age) SELECT id, 'V00', 0, 50 FROM people RETURNING id, participant_id)
     INSERT INTO knee_exam (visit_id, participant_id, side, xrkl)
     SELECT days.id, participant_id, side, days.id % 5 FROM days, unnest(ARRAY['RIGHT', 'LEFT']) side`,
    [visits],
  );
}

async function collect(batches: AsyncIterable<unknown[][]>): Promise<unknown[][][]> {
  const all: unknown[][][] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

test('rows come in batches by id, each exam once, with how far it is', async () => {
  const seen: ExportProgress[] = [];

  const batches = await collect(
    readRows(database.dataSource, { columns, batchExams: 30, onProgress: (progress) => seen.push(progress) }),
  );

  expect(batches.map((batch) => batch.length)).toEqual([30, 30, 30, 10]);
  expect(new Set(batches.flat().map(([examId]) => examId)).size).toBe(100);
  expect(seen.map(({ done, rows }) => [done, rows])).toEqual([
    [0, 0],
    [30, 30],
    [60, 60],
    [90, 90],
    [100, 100],
  ]);
  expect(seen.at(-1)).toMatchObject({ total: 100, phantoms: 50 });
});

test('a filter that selects few still looks through every stretch of ids', async () => {
  const batches = await collect(
    readRows(database.dataSource, { columns, where: { kl: { eq: 0 }, side: { eq: 'LEFT' } }, batchExams: 30 }),
  );

  expect(batches.flat()).toHaveLength(10);
});

test('the same number of statements reads a batch, however many rows it has, and nothing is read ahead', async () => {
  const rows = readRows(database.dataSource, { columns, batchExams: 25 });
  statements.length = 0;

  await rows.next();
  const first = statements.length;
  await rows.next();
  await rows.return(undefined);

  // The bounds, then a stretch of ids and its rows.
  expect([first, statements.length]).toEqual([3, 5]);
});

test('no transaction is open between two batches', async () => {
  const rows = readRows(database.dataSource, { columns, batchExams: 25 });
  await rows.next();

  const open = (await database.dataSource.query(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`,
  )) as unknown[];
  await rows.return(undefined);

  expect(open).toEqual([]);
});

test('exams that are added meanwhile are left out', async () => {
  const rows = readRows(database.dataSource, { columns, batchExams: 60 });
  const first = await rows.next();

  await addExams(20);
  const rest = await collect(rows);

  expect((first.value as unknown[][]).length + rest.flat().length).toBe(100);
});

test('it stops between two batches when it is told to', async () => {
  const stop = new AbortController();
  const rows = readRows(database.dataSource, { columns, batchExams: 10, signal: stop.signal });
  await rows.next();

  stop.abort(new Error('enough'));

  await expect(rows.next()).rejects.toThrow('enough');
});

test('a reader that goes away ends the reading', async () => {
  statements.length = 0;
  const stream = Readable.from(readRows(database.dataSource, { columns, batchExams: 1 }), { highWaterMark: 1 });
  for await (const _batch of stream) break;
  await finished(stream).catch(() => undefined);
  const then = statements.length;
  await database.dataSource.query('SELECT 1');

  expect(statements.length).toBe(then + 1);
  expect(then).toBeLessThan(20);
});
