import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { exportSpec, writeExport } from '../../src/services/exports/index.js';
import { openBlobStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';
import { runProgram } from '../helpers/program.js';
import { hasRPackages } from '../helpers/python.js';

/** What the R program saw. */
interface Seen {
  types: Record<string, string>;
  problems: number;
  csv: Record<string, unknown>[];
  meanBmi: number;
  knownKl: number;
  ndjson: Record<string, unknown>[];
}

const PACKAGES = ['readr', 'jsonlite'];
const withR = hasRPackages(PACKAGES);
const testWithR = withR ? test : test.skip;

let database: TestDatabase;
let folder: string;
let seen: Seen;

beforeAll(async () => {
  if (!withR) return console.warn(`No Rscript with ${PACKAGES.join(' and ')} was found: exports are not opened in R.`);
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-export-r-'));
  const make = factories(database.dataSource);
  const visit = await make.visit(await make.participant({ oaiId: '0000007' }), { date: '2004-10-28', bmi: 27.3 });
  const right = await make.exam(visit, { grades: { XRKL: 3, XRJSM: 1 }, preferredProject: '15', womacPain: 2.5 });
  await make.reading(right, { grades: { XRKL: 3, XRJSM: 1.4 } });
  const left = await make.exam(visit, { side: 'LEFT', preferredProject: '15' });
  await make.reading(left, { missing: { XRKL: '.P' } });
  const bare = await make.visit(await make.participant({ sex: null, phantom: false, site: 'NA' }), {
    age: null,
    bmi: null,
  });
  await make.exam(bare);
  for (const format of ['CSV', 'NDJSON'] as const) {
    const columns = ['participant', 'visit', 'scores', 'history', 'grades', 'readings', 'availability'];
    const spec = await exportSpec(database.dataSource, COMMAND_LINE, { format, columns });
    const stream = writeExport({ dataSource: database.dataSource, store: openBlobStore(folder) }, spec);
    await writeFile(join(folder, `knees.${format.toLowerCase()}`), stream.pieces);
    if (format === 'CSV') await writeFile(join(folder, 'manifest.json'), JSON.stringify(stream.description()));
  }
  seen = JSON.parse(await runProgram('Rscript', [join(packageRoot, 'test/helpers/read-exports.R'), folder])) as Seen;
});

afterAll(async () => {
  await database?.drop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

testWithR('with the manifest’s letters readr opens CSV with the right types and without a complaint', () => {
  expect(seen.problems).toBe(0);
  expect(seen.types).toMatchObject({
    oai_id: 'character',
    phantom: 'logical',
    visit_date: 'Date',
    age: 'integer',
    bmi: 'numeric',
    xrkl: 'integer',
    xrkl_missing: 'character',
    p15_xrjsm: 'numeric',
    has_mri: 'logical',
  });
});

testWithR('R holds the values that were written, missing ones and their codes included', () => {
  expect(seen.csv).toMatchObject([
    { oai_id: '0000007', side: 'RIGHT', visit_date: '2004-10-28', bmi: 27.3, xrkl: 3, p15_xrjsm: 1.4, phantom: true },
    { oai_id: '0000007', side: 'LEFT', xrkl: null, xrkl_missing: '.P', p15_xrkl_missing: '.P', womac_pain: null },
    { site: 'NA', sex: null, age: null, xrkl: null, xrkl_missing: null, phantom: false },
  ]);
  expect(seen.meanBmi).toBeCloseTo(27.3);
  expect(seen.knownKl).toBe(1);
});

testWithR('jsonlite opens NDJSON with the same values', () => {
  expect(seen.ndjson).toEqual(seen.csv);
});
