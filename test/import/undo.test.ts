import type { DataSource } from 'typeorm';
import { importRelease, listImports, undoImport, type UndoSummary } from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { createTestDatabase, type TestDatabase } from '../helpers/database.js';
import { everythingImported } from '../helpers/imported.js';
import { ReleaseFolder } from '../helpers/oai-files.js';

type Table = readonly [file: string, header: string, ...lines: string[]];

let database: TestDatabase;
let dataSource: DataSource;
const store = {} as BlobStore;

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = database.dataSource;
});

afterEach(async () => {
  await database.drop();
});

/** Imports a table alone, and tells the number of the import. */
async function bring([file, header, ...lines]: Table, into = dataSource): Promise<number> {
  const folder = await ReleaseFolder.make();
  try {
    await folder.table(file, header, lines);
    const { refusals } = await importRelease(into, folder.path, { store });
    expect(refusals).toEqual([]);
  } finally {
    await folder.remove();
  }
  return (await listImports(into, 1))[0]!.id;
}

const undo = (id: number, dryRun = false): Promise<UndoSummary> => undoImport({ dataSource, store }, id, { dryRun });

const everything = () => everythingImported(dataSource);

/** What a database holds into which these tables alone were imported. */
async function afterOnly(...tables: Table[]): Promise<Record<string, unknown[]>> {
  const other = await createTestDatabase();
  try {
    for (const table of tables) await bring(table, other.dataSource);
    return await everythingImported(other.dataSource);
  } finally {
    await other.drop();
  }
}

const READINGS = 'ID|SIDE|READPRJ|VERSION|V00XRKL|V00XRJSM|V00XROSFM';
const CLINICAL = 'ID|VERSION|V00AGE|P01BMI|V00WOMKPR|V00INCOME';

const readings = (...lines: string[]): Table => ['kxr_sq_bu00.txt', READINGS, ...lines];
const clinical = (...lines: string[]): Table => ['AllClinical00.txt', CLINICAL, ...lines];

test('A, B, undo B: all is as after A, with file, line and version, and the next import of B brings it again', async () => {
  await bring(readings('1000001|1|15|0.8|2|.P|1', '1000002|2|15|0.8|1||'));
  await bring(clinical('1000001|25|61|30|4|3: Low'));
  const before = await everything();
  const newReadings = readings('1000001|1|15|0.9|3||2', '1000002|2|15|0.9|1|2|.T', '1000003|1|15|0.9|4|3|3');
  const newClinical = clinical('1000001|26|62|30|5|.R', '1000004|26|50|25|1|high');
  const first = await bring(newReadings);
  const second = await bring(newClinical);
  const after = await everything();

  await undo(second);
  await undo(first);

  expect(await everything()).toEqual(before);
  await bring(newReadings);
  await bring(newClinical);
  expect(await everything()).toEqual(after);
});

test('undoing the only import leaves nothing of it but its line in the list', async () => {
  const empty = await everything();
  const id = await bring(clinical('1000001|25|61|30|4|3: Low', '1000002|25|62|.|.|.'));

  const summary = await undo(id);

  expect(summary).toMatchObject({ undone: id, removed: { participant: 2, visit: 2, knee_exam: 1 } });
  expect(await everything()).toEqual(empty);
  expect(await listImports(dataSource, 9)).toMatchObject([
    { undoes: id, undone: { removed: 7, emptied: 0, restored: 0 }, undoneBy: null },
    { id, rows: 2, undoneBy: id + 1 },
  ]);
  const [left] = await dataSource.query<object[]>(
    `SELECT (SELECT count(*) FROM import_change) + (SELECT count(*) FROM import_block) + (SELECT count(*) FROM variable_line) AS rows,
            (SELECT count(*) FROM variable) + (SELECT count(*) FROM variable_level) + (SELECT count(*) FROM variable_block) AS variables`,
  );
  expect(left).toEqual({ rows: '0', variables: '0' });
});

test('a dry run tells, column by column, the contrary of what the import told, and changes nothing', async () => {
  await bring(readings('1000001|1|15|0.8|2|.P|', '1000002|2|15|0.8|1||0'));
  const id = await bring(readings('1000001|1|15|0.9|3|1|2', '1000003|1|15|0.9|4|.T|'));
  const before = await everything();

  const dry = await undo(id, true);

  expect(dry).toMatchObject({
    undone: id,
    dryRun: true,
    removed: { reading: 1, knee_exam: 1, visit: 1, participant: 1 },
  });
  expect(dry.changes).toEqual([
    { table: 'reading', column: 'xrkl', removed: 1, emptied: 0, restored: 1 },
    { table: 'reading', column: 'xrosfm', removed: 0, emptied: 1, restored: 0 },
    { table: 'reading', column: 'xrjsm', removed: 1, emptied: 1, restored: 0 },
    { table: 'reading', column: 'dropped', removed: 0, emptied: 0, restored: 1 },
  ]);
  expect(await everything()).toEqual(before);
  expect(await listImports(dataSource, 1)).toMatchObject([{ id, undoneBy: null }]);
  expect((await undo(id)).changes).toEqual(dry.changes);
});

describe('A, B, undo A', () => {
  test('is refused where B has read the same values: higher, equal, or giving way to them', async () => {
    const a = readings('1000001|1|15|0.8|2|1|1');
    for (const [version, grade] of [
      ['0.9', 3],
      ['0.8', 2],
      ['0.7', 3],
    ] as const) {
      const first = await bring(a);
      const second = await bring(readings(`1000001|1|15|${version}|${grade}||`));
      const refusal = `Import ${first} cannot be undone yet, because import ${second} has read the same values since; undo that one first.`;

      await expect(undo(first)).rejects.toMatchObject({ code: 'CONFLICT', message: refusal });

      await undo(second);
      await undo(first);
      expect((await everything())['participants']).toEqual([]);
    }
  });

  test('is refused where a column without a field of its own is the same', async () => {
    const first = await bring(['AllClinical00.txt', 'ID|VERSION|V00INCOME', '1000001|25|3']);
    const second = await bring(['AllClinical00.csv', 'ID|VERSION|V00INCOME', '1000001|24|2']);

    await expect(undo(first)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`import ${second} has read the same values since`),
    });
  });

  test('leaves what B alone would have brought where they share people and rows and no value', async () => {
    const a = clinical('1000001|25|61||4|3: Low', '1000002|25|55|||');
    const b: Table = ['SubjectChar00.txt', 'ID|VERSION|P01BMI|V00TIMET2', '1000001|2|31|5', '1000003|2|28|.A'];
    const ofB = readings('1000001|1|15|0.8|2|.P|1');
    const first = await bring(a);
    await bring(b);
    await bring(ofB);

    await undo(first);

    expect(await everything()).toEqual(await afterOnly(b, ofB));
  });

  test('then undoing B leaves nothing, and neither does the other order', async () => {
    const empty = await everything();
    const a = clinical('1000001|25|61||4|3: Low');
    const b: Table = ['SubjectChar00.txt', 'ID|VERSION|P01BMI|V00TIMET2', '1000001|2|31|5'];
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const ids = [await bring(a), await bring(b)];
      for (const at of order) await undo(ids[at]!);
      expect(await everything()).toEqual(empty);
    }
  });

  test('keeps somebody of whom B tells something, without what A told', async () => {
    const first = await bring(['Enrollees.txt', 'ID|VERSION|P02SEX', '1000001|25|1: Male', '1000002|25|2: Female']);
    const ofB = readings('1000001|1|15|0.8|2|.P|1');
    const second = await bring(ofB);

    expect((await undo(first)).removed).toEqual({ participant: 1 });
    expect(await everything()).toEqual(await afterOnly(ofB));

    await undo(second);
    expect((await everything())['participants']).toEqual([]);
  });
});

test('the preferred reading and its grades follow', async () => {
  await bring(readings('1000001|1|37|0.8|1||'));
  const id = await bring(readings('1000001|1|15|0.8|3||'));
  const exams = async () => (await everything())['exams'];
  expect(await exams()).toMatchObject([{ preferred_project: '15', xrkl: 3 }]);

  await undo(id);

  expect(await exams()).toMatchObject([{ preferred_project: '37', xrkl: 1 }]);
});

test('undoing an import twice, an undoing, or what is not there is refused', async () => {
  const id = await bring(readings('1000001|1|15|0.8|2||'));
  await undo(id);

  await expect(undo(id)).rejects.toMatchObject({ code: 'CONFLICT', message: `Import ${id} has been undone already.` });
  await expect(undo(id + 1)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `${id + 1} is the undoing of import ${id}; import the release again instead.`,
  });
  await expect(undo(99)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a file that is met again unchanged stands in the way of undoing the import that read it', async () => {
  const folder = await ReleaseFolder.make();
  await folder.table('kxr_sq_bu00.txt', READINGS, ['1000001|1|15|0.8|2||']);
  for (let time = 0; time < 2; time++) await importRelease(dataSource, folder.path, { store });
  await folder.remove();
  const [again, first] = await listImports(dataSource, 2);

  await expect(undo(first!.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  await undo(again!.id);
  await undo(first!.id);
  expect((await everything())['participants']).toEqual([]);
});

test('an import that somebody stopped can be undone', async () => {
  const folder = await ReleaseFolder.make();
  await folder.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male']);
  await folder.table('kxr_sq_bu00.txt', READINGS, ['1000001|1|15|0.8|2||']);
  const stop = new AbortController();
  const stopped = importRelease(dataSource, folder.path, {
    store,
    signal: stop.signal,
    onProgress: ({ done }) => done > 0 && stop.abort(new Error('stopped')),
  });
  await expect(stopped).rejects.toThrow('stopped');
  await folder.remove();
  const [run] = await listImports(dataSource, 1);
  expect(run).toMatchObject({ ended: false });
  expect((await everything())['participants']).toHaveLength(1);

  await undo(run!.id);

  expect((await everything())['participants']).toEqual([]);
});
