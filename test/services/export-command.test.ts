import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditEntry } from '../../src/entities/index.js';
import { encodeNifti } from '../../src/imaging/nifti.js';
import { centredAffine } from '../../src/imaging/volume.js';
import { openBlobStore, storeAsset } from '../../src/storage/index.js';
import { type CommandResult, runCommand } from '../helpers/command.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-export-command-'));
  const make = factories(database.dataSource);
  const visit = await make.visit(await make.participant());
  await make.exam(visit, { grades: { XRKL: 3 } });
  await make.exam(visit, { side: 'LEFT', grades: { XRKL: 1 } });
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

function run(...args: string[]): Promise<CommandResult> {
  return runCommand(['export', ...args, '--data-dir', folder], { DATABASE_URL: database.url });
}

test('it writes the file and its manifest, and says what they hold', async () => {
  const file = join(folder, 'knees.csv');
  const filter = join(folder, 'filter.json');
  await writeFile(filter, '{ "visit": { "eq": "V00" }, "kl": { "gte": 2 } }');

  const { code, stdout } = await run(file, '--filter', filter, '--columns', 'xrkl,age');

  expect([code, stdout]).toEqual([
    0,
    `${file}: 1 knee exam, all of phantoms of a synthetic release; 8 columns, ${(await readFile(file)).length} bytes.\n`,
  ]);
  const bytes = await readFile(file);
  expect(bytes.toString()).toMatch(/^exam_id,oai_id,visit,side,phantom,age,xrkl,xrkl_missing\n.*,RIGHT,true,60,3,\n$/);
  expect(JSON.parse(await readFile(`${file}.manifest.json`, 'utf8'))).toMatchObject({
    filter: { visit: { eq: 'V00' }, kl: { gte: 2 } },
    rows: 1,
    synthetic: 'ALL',
    file: { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length },
  });
  const [entry] = await database.dataSource.getRepository(AuditEntry).findBy({ action: 'export.download' });
  expect(entry).toMatchObject({ tokenId: null, detail: { format: 'CSV', rows: 1 } });
});

test('it writes one row per knee with later visits beside it, and the time to an event', async () => {
  const file = join(folder, 'times.csv');
  const flags = ['--event', 'KL_GE_2', '--competing', 'KNEE_REPLACEMENT,DEATH', '--later', 'V06', '--columns', 'xrkl'];

  const { code } = await run(file, ...flags);

  expect(code).toBe(0);
  expect((await readFile(file, 'utf8')).split('\n').map((line) => line.split(',').slice(3).join())).toEqual([
    'side,phantom,xrkl,xrkl_missing,xrkl_v06,xrkl_missing_v06,time,status,competing,left_out',
    'RIGHT,true,3,,,,,,,HAD_EVENT',
    'LEFT,true,1,,,,,,,NOT_FOLLOWED',
    '',
  ]);
  const manifest = JSON.parse(await readFile(`${file}.manifest.json`, 'utf8')) as object;
  expect(manifest).toMatchObject({ event: { event: 'KL_GE_2' }, asOf: { origin: 'V00', visits: ['V06'] } });
});

test.each([
  [['knees.csv', '--competing', 'DEATH'], '--competing needs --event, whose risk it ends.'],
  [['knees.csv', '--origin', 'V03'], '--origin needs --event or --later; --filter selects exams of one visit.'],
  [
    ['knees.csv', '--event', 'KL_2'],
    'It must be one of KL_GE_2, KL_PROGRESSION, JSN_PROGRESSION, KNEE_REPLACEMENT, DEATH.',
  ],
  [['knees.csv', '--later', 'V00'], 'asOf.visits names V00, which is not later than V00.'],
  [['knees.txt'], 'must end in .csv, .ndjson or .parquet, or --format must say how to write it.'],
  [['knees.csv', '--columns', 'kl'], '"kl" is neither a column nor a group of columns'],
  [['knees.csv', '--cohort', 'nothing'], 'inCohort.eq must be the id of a Cohort.'],
  [['missing-folder/knees.csv'], 'cannot be written (ENOENT).'],
  [['made.zip'], 'to hold: nifti-zip, dicom-zip or files-zip.'],
  [['made.zip', '--format', 'nifti-zip', '--batch', 'x'], 'batchId: "x" is not the id of a Batch.'],
  [['made.zip', '--format', 'nifti-zip', '--series', 'x'], '--series must be a filter as JSON'],
  [['made.zip', '--format', 'nifti-zip', '--with-real'], 'give one of them.'],
])('export %j is refused in one sentence and leaves no file', async (args, message) => {
  const before = await readdir(folder);

  const { code, stderr } = await run(join(folder, args[0]!), ...args.slice(1));

  expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  expect(await readdir(folder)).toEqual(before);
});

test('the columns are listed with their meaning', async () => {
  const { stdout } = await runCommand(['export', 'columns']);

  expect(stdout).toMatch(/^bmi +visit +real +Body mass index at the visit, kg\/m2$/m);
});

test('volumes become an archive, and the manifest beside it says what it holds', async () => {
  const { dataSource } = database;
  const make = factories(dataSource);
  const spacing = [1, 1, 1] as const;
  const affine = centredAffine('CORONAL', [2, 2, 2], spacing);
  const volume = {
    columns: 2,
    rows: 2,
    slices: 2,
    data: new Uint16Array(8),
    spacing,
    affine,
    placement: 'SCANNER',
  } as const;
  const nifti = await encodeNifti(volume, 'test');
  const asset = await storeAsset(dataSource.manager, openBlobStore(folder), nifti, 'application/gzip');
  const exam = await make.exam(await make.visit(await make.participant({ oaiId: '1000777' })), { grades: { XRKL: 4 } });
  await make.series(exam, { assetId: asset.id });
  const file = join(folder, 'volumes.zip');

  const { code, stdout } = await run(file, '--format', 'dicom-zip');

  const bytes = await readFile(file);
  expect([code, stdout]).toEqual([0, `${file}: 1 phantom volume; 2 files, ${bytes.length} bytes.\n`]);
  expect(JSON.parse(await readFile(`${file}.manifest.json`, 'utf8'))).toMatchObject({
    format: 'DICOM_ZIP',
    kinds: { real: 0, phantom: 1, synthetic: 0 },
    file: { sha256: createHash('sha256').update(bytes).digest('hex'), mediaType: 'application/zip' },
  });
});
