import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { openBlobStore } from '../../src/storage/index.js';
import { exportSpec, writeExport } from '../../src/services/exports/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';
import { runProgram } from '../helpers/program.js';
import { pythonWith } from '../helpers/python.js';

const MODULES = ['pandas', 'pyarrow', 'duckdb'];
const python = pythonWith(MODULES);

/** What the Python program saw; the same rows in three forms. */
interface Seen {
  parquetTypes: Record<string, string>;
  csvTypes: Record<string, string>;
  duckdbTypes: Record<string, string>;
  parquet: Record<string, unknown>[];
  csv: Record<string, unknown>[];
  ndjson: Record<string, unknown>[];
  meanByKl: [number | null, number][];
  csvRows: number;
  embedded: { rows: number; columns: object[]; synthetic: string };
}

let database: TestDatabase;
let folder: string;
let seen: Seen;

beforeAll(async () => {
  if (!python) {
    console.warn(`No Python with ${MODULES.join(', ')} was found; set OSTEOGRAPH_PYTHON to one to run these tests.`);
    return;
  }
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-export-'));
  const make = factories(database.dataSource);
  const visit = await make.visit(await make.participant({ oaiId: '1000007' }), { date: '2004-10-28', bmi: 27.3 });
  const right = await make.exam(visit, { grades: { XRKL: 3, XRJSM: 1 }, preferredProject: '15', womacPain: 2.5 });
  await make.reading(right, { grades: { XRKL: 3, XRJSM: 1.4 } });
  const left = await make.exam(visit, { side: 'LEFT', preferredProject: '15' });
  await make.reading(left, { missing: { XRKL: '.P' } });
  const bare = await make.visit(await make.participant({ sex: null, phantom: false }), { age: null, bmi: null });
  await make.exam(bare);
  for (const format of ['PARQUET', 'CSV', 'NDJSON'] as const) {
    const columns = ['participant', 'visit', 'scores', 'history', 'grades', 'readings', 'availability'];
    const spec = await exportSpec(database.dataSource, COMMAND_LINE, { format, columns });
    const stream = writeExport({ dataSource: database.dataSource, store: openBlobStore(folder) }, spec);
    await writeFile(join(folder, `knees.${format.toLowerCase()}`), stream.pieces);
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(stream.description()));
  }
  seen = JSON.parse(await runProgram(python, [join(packageRoot, 'test/helpers/read-exports.py'), folder])) as Seen;
});

afterAll(async () => {
  if (!python) return;
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const testWithPython = python ? test : test.skip;

testWithPython('pandas opens Parquet with the right types, whole numbers with missing values among them', () => {
  expect(seen.parquetTypes).toMatchObject({
    oai_id: 'string',
    phantom: 'boolean',
    age: 'Int32',
    bmi: 'float64',
    xrkl: 'Int32',
    xrkl_missing: 'string',
    p15_xrjsm: 'float64',
    hispanic: 'boolean',
  });
});

testWithPython('with the manifest’s types CSV opens alike', () => {
  expect(seen.csvTypes).toMatchObject({ oai_id: 'string', phantom: 'boolean', xrkl: 'Int32', p15_xrjsm: 'float64' });
  expect(seen.csvTypes['visit_date']).toMatch(/^datetime64/);
});

testWithPython('the three forms hold the same values, missing ones and their codes included', () => {
  expect(seen.csv).toEqual(seen.parquet);
  expect(seen.ndjson).toEqual(seen.parquet);
  expect(seen.parquet).toMatchObject([
    { oai_id: '1000007', side: 'RIGHT', visit_date: '2004-10-28', bmi: 27.3, xrkl: 3, p15_xrjsm: 1.4, phantom: true },
    { oai_id: '1000007', side: 'LEFT', xrkl: null, xrkl_missing: '.P', p15_xrkl_missing: '.P', womac_pain: null },
    { sex: null, age: null, xrkl: null, xrkl_missing: null, p15_version: null, phantom: false },
  ]);
});

testWithPython('DuckDB opens Parquet and CSV with the right types', () => {
  expect(seen.duckdbTypes).toMatchObject({
    oai_id: 'VARCHAR',
    phantom: 'BOOLEAN',
    visit_date: 'DATE',
    xrkl: 'INTEGER',
    p15_xrjsm: 'DOUBLE',
  });
  expect(seen.csvRows).toBe(3);
  expect(seen.meanByKl).toEqual([
    [3, expect.closeTo(27.3, 5)],
    [null, expect.closeTo(27.3, 5)],
  ]);
});

testWithPython('a Parquet file carries its own data dictionary', () => {
  expect(seen.embedded).toMatchObject({ rows: 3, synthetic: 'SOME' });
  expect(seen.embedded.columns).toHaveLength(Object.keys(seen.parquetTypes).length);
});
