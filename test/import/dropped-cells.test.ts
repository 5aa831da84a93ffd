import {
  changedAnything,
  importRelease,
  type ImportSummary,
  listImports,
  type TableSummary,
  undoImport,
} from '../../src/services/imports/index.js';
import { readValues, resolveVariables } from '../../src/services/variables/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { everythingImported } from '../helpers/imported.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';

const store = {} as BlobStore;

emptyRelease();

const importAll = (dryRun = false): Promise<ImportSummary> =>
  importRelease(dataSource, release.path, { store, dryRun });

/** Rows of a table: its file, header, and the line of a participant in a version. */
type Table = readonly [file: string, header: string, line: (oaiId: string, version: string) => string];

async function bring([file, header, line]: Table, version: string, ...oaiIds: string[]): Promise<TableSummary> {
  await release.table(
    file,
    header,
    oaiIds.map((oaiId) => line(oaiId, version)),
  );
  const { tables, refusals } = await importAll();
  expect(refusals).toEqual([]);
  return tables[0]!;
}

/** What participants have of a variable: its value, its code of why there is none, `dropped`, or null. */
async function have(name: string, ...oaiIds: string[]): Promise<(string | null)[]> {
  const rows = await dataSource.query<{ id: number }[]>(
    'SELECT id FROM participant WHERE oai_id = ANY($1) ORDER BY oai_id',
    [oaiIds],
  );
  const values = await readValues(
    dataSource,
    await resolveVariables(dataSource, [name]),
    'participant',
    rows.map(({ id }) => id),
  );
  return values.map(([one]) => (one!.dropped ? 'dropped' : (one!.value ?? one!.missing)));
}

async function coverageOf(name: string): Promise<unknown> {
  const [row] = await dataSource.query<{ filled: number; missing: number }[]>(
    'SELECT sum(filled)::integer AS filled, sum(missing)::integer AS missing FROM variable_coverage c JOIN variable v ON v.id = c.variable_id WHERE v.name = $1',
    [name],
  );
  return row && [row.filled, row.missing];
}

const MOAKS: Table = [
  'kMRI_SQ_MOAKS_BICL00.txt',
  'ID|SIDE|READPRJ|VERSION|V00MBMSFMA|V00MCMFMA',
  (id, version) => `${id}|1: Right|22|${version}|${id.at(-1)!}|${id.endsWith('2') ? '.A' : '1.1'}`,
];
const ALL = ['1000001', '1000002', '1000003'] as const;

test('MOAKS of a row that a higher version lacks is marked and no value, until a version has the row again', async () => {
  await bring(MOAKS, '0.1', ...ALL);
  expect(await have('V00MBMSFMAR', ...ALL)).toEqual(['1', '2', '3']);
  expect(await coverageOf('MCMFMA')).toEqual([2, 1]);

  expect(await bring(MOAKS, '0.2', '1000001', '1000003')).toMatchObject({ absent: 0, dropped: 1, returned: 0 });

  expect(await have('V00MBMSFMAR', ...ALL)).toEqual(['1', 'dropped', '3']);
  expect(await have('V00MCMFMAR', ...ALL)).toEqual(['1.1', 'dropped', '1.1']);
  expect(await coverageOf('MCMFMA')).toEqual([2, 0]);
  expect(await bring(MOAKS, '0.2', '1000001', '1000003')).toMatchObject({ dropped: 0, returned: 0 });
  expect(await bring(MOAKS, '0.1', ...ALL)).toMatchObject({ kept: 1, dropped: 0, returned: 0 });
  expect(await have('V00MBMSFMAR', ...ALL)).toEqual(['1', 'dropped', '3']);

  expect(await bring(MOAKS, '0.3', ...ALL)).toMatchObject({ absent: 0, dropped: 0, returned: 1 });
  expect(await have('V00MBMSFMAR', ...ALL)).toEqual(['1', '2', '3']);
  expect(await have('V00MCMFMAR', ...ALL)).toEqual(['1.1', '.A', '1.1']);
  expect(await coverageOf('MCMFMA')).toEqual([2, 1]);
});

test('it is the same when the lower version comes second, and undoing that one takes all of it back', async () => {
  await bring(MOAKS, '0.2', '1000001', '1000003');
  const before = await everythingImported(dataSource);

  expect(await bring(MOAKS, '0.1', ...ALL)).toMatchObject({ inserted: 1, absent: 0, dropped: 1 });
  expect(await have('V00MBMSFMAR', ...ALL)).toEqual(['1', 'dropped', '3']);

  const [newer, older] = (await listImports(dataSource, 2)).reverse();
  await expect(undoImport({ dataSource, store }, newer!.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  await undoImport({ dataSource, store }, older!.id);
  expect(await everythingImported(dataSource)).toEqual(before);
  expect(await dataSource.query('SELECT 1 FROM variable_block b WHERE -1 > ANY(b.codes)')).toEqual([]);
});

test('a dry run tells what would be dropped by column, and undoing puts it back as it was', async () => {
  await bring(MOAKS, '0.1', ...ALL);
  const before = await everythingImported(dataSource);
  await release.table(
    MOAKS[0],
    MOAKS[1],
    ['1000001', '1000003'].map((id) => MOAKS[2](id, '0.2')),
  );

  const dry = await importAll(true);
  expect([changedAnything(dry), dry.tables[0]!.changes]).toEqual([
    true,
    [
      { table: 'variable', column: 'MBMSFMA', added: 0, filled: 0, replaced: 0, dropped: 1 },
      { table: 'variable', column: 'MCMFMA', added: 0, filled: 0, replaced: 0, dropped: 1 },
    ],
  ]);
  expect(await everythingImported(dataSource)).toEqual(before);
  await importAll();
  const [lacking] = await listImports(dataSource, 1);
  await bring(MOAKS, '0.3', ...ALL);
  const [having] = await listImports(dataSource, 1);

  await undoImport({ dataSource, store }, having!.id);
  expect(await have('V00MBMSFMAR', ...ALL)).toEqual(['1', 'dropped', '3']);
  const { changes } = await undoImport({ dataSource, store }, lacking!.id);
  expect(changes).toContainEqual({ table: 'variable', column: 'MBMSFMA', removed: 0, emptied: 0, restored: 1 });
  expect(await everythingImported(dataSource)).toEqual(before);
});

test('nothing is dropped by an equal version, by another reading project, or by a file that lacks more than it has', async () => {
  const [file, header] = MOAKS;
  const ofProjects = async (...lines: string[]) => {
    await release.table(file, header, lines);
    const [table] = (await importAll()).tables;
    return [table!.absent, table!.dropped];
  };
  await ofProjects('1000001|1|22|0.1|1|1', '1000002|1|22|0.1|1|1', '1000003|1|65|0.4|1|1', '1000004|1|65|0.4|1|1');

  expect(await ofProjects('1000001|1|22|0.1|1|1', '1000003|1|65|0.4|1|1')).toEqual([2, 0]);
  expect(await ofProjects('1000001|1|22|0.2|1|1', '1000002|1|22|0.2|1|1')).toEqual([2, 0]);
  expect(await ofProjects('1000002|1|22|0.3|1|1')).toEqual([3, 0]);
});

const IN_THE_STORE: readonly (readonly [what: string, variable: string, table: Table])[] = [
  [
    'quantitative joint space width',
    'V00MCMJSWR',
    ['kXR_QJSW_Duryea00.txt', 'ID|SIDE|READPRJ|VERSION|V00MCMJSW', (id, version) => `${id}|1|37|${version}|4.2`],
  ],
  [
    'cartilage thickness',
    'V00WMTMTHR',
    ['kMRI_QCart_Eckstein00.txt', 'ID|SIDE|READPRJ|VERSION|V00WMTMTH', (id, version) => `${id}|1|09|${version}|1.7`],
  ],
  [
    'quality control of MRI',
    'V00MQCCMNTR',
    [
      'MRI00.txt',
      'ID|VERSION|V00MEXAMTP|V00MRBARCD|V00MRCOMP|V00MRSIDE|V00MQCCMNT',
      (id, version) => `${id}|${version}|R SAG 3D DESS WE|01661${id}|1|1: Right|2`,
    ],
  ],
  [
    'films of hands, which are not listed',
    'V00XRQC',
    [
      'XRay00.txt',
      'ID|VERSION|V00EXAMTP|V00XRBARCD|V00XRDATE|V00XRQC',
      (id, version) => `${id}|${version}|PA Right Hand|01660${id}|06/23/2004|1`,
    ],
  ],
  [
    'knee readings besides the grades',
    'V00XRREADERR',
    ['kxr_sq_bu00.txt', 'ID|SIDE|READPRJ|VERSION|V00XRKL|V00XRREADER', (id, version) => `${id}|1|15|${version}|2|7`],
  ],
  [
    'a summary of hands over all visits',
    'V00DIPOA',
    ['hxr_sq_summary.txt', 'ID|SIDE|READPRJ|VERSION|V00DIPOA', (id, version) => `${id}|1|36|${version}|1`],
  ],
];

test.each(IN_THE_STORE)('%s too', async (_, variable, table) => {
  await bring(table, '1', ...ALL);
  expect(await have(variable, ...ALL)).not.toContain(null);
  const [first] = await have(variable, '1000001');

  expect(await bring(table, '2', '1000001', '1000003')).toMatchObject({ absent: 0, dropped: 1, returned: 0 });
  expect(await have(variable, ...ALL)).toEqual([first, 'dropped', first]);

  expect(await bring(table, '3', ...ALL)).toMatchObject({ absent: 0, dropped: 0, returned: 1 });
  expect(await have(variable, ...ALL)).toEqual([first, first, first]);
});

test('a participant without outcomes and a visit without answers are marked as rows, and keep what other tables say beside them', async () => {
  const outcomes: Table = [
    'Outcomes99.txt',
    'id|version|V99ELKDAYS|V99ELKRPCF|V99EXTRA',
    (id, version) => `${id}|${version}|900|3: yes|5`,
  ];
  const clinical: Table = [
    'AllClinical00.txt',
    'ID|VERSION|V00AGE|V00INCOME',
    (id, version) => `${id}|${version}|61|3`,
  ];
  for (const [table, variable] of [
    [outcomes, 'V99EXTRA'],
    [clinical, 'V00INCOME'],
  ] as const) {
    await bring(table, '1', ...ALL);
    const before = await have(variable, ...ALL);
    expect(await bring(table, '2', '1000001', '1000003')).toMatchObject({ dropped: 1 });
    expect(await have(variable, ...ALL)).toEqual(before);
    expect(await bring(table, '3', ...ALL)).toMatchObject({ returned: 1 });
  }
});

/** Brings a version of one of several tables of the release. */
async function only([file, header, row]: Table, version: string, ...ids: string[]): Promise<TableSummary | undefined> {
  await release.table(
    file,
    header,
    ids.map((id) => row(id, version)),
  );
  return (await importAll()).tables.find((table) => table.file === file);
}

const OF_THE_STORE_ALONE: readonly Table[] = [
  ['SubjectChar00.txt', 'ID|VERSION|V00INCOME', (id, version) => `${id}|${version}|3`],
  ['JointSx00.txt', 'ID|VERSION|V00KPNR12|V00KPNL12', (id, version) => `${id}|${version}|1|0`],
];

test.each(OF_THE_STORE_ALONE)('a visit is marked by %s, whose columns only the store has', async (...table) => {
  await bring(['AllClinical00.txt', 'ID|VERSION|V00AGE', (id, version) => `${id}|${version}|61`], '25', ...ALL);
  await bring(['kxr_sq_bu00.txt', 'ID|SIDE|READPRJ|VERSION|V00XRKL', (id) => `${id}|1|15|0.8|2`], '0.8', ...ALL);
  await only(table, '25', ...ALL);

  expect(await only(table, '26', '1000001', '1000003')).toMatchObject({ absent: 0, dropped: 1, returned: 0 });
  expect(await dataSource.query("SELECT 1 FROM visit WHERE dropped <> '{}'")).toHaveLength(1);
  expect(await only(table, '27', ...ALL)).toMatchObject({ absent: 0, dropped: 0, returned: 1 });
});

test.each(OF_THE_STORE_ALONE)('a visit is marked by %s of a higher version that came first, too', async (...table) => {
  await bring(['AllClinical00.txt', 'ID|VERSION|V00AGE', (id, version) => `${id}|${version}|61`], '25', ...ALL);
  await bring(['kxr_sq_bu00.txt', 'ID|SIDE|READPRJ|VERSION|V00XRKL', (id) => `${id}|1|15|0.8|2`], '0.8', ...ALL);
  const dropped = () => dataSource.query("SELECT 1 FROM visit WHERE dropped <> '{}'");
  await only(table, '26', '1000001', '1000003');

  expect(await only(table, '25', ...ALL)).toMatchObject({ absent: 0, dropped: 1, returned: 0 });
  expect(await dropped()).toHaveLength(1);
  expect(await only(table, '25', ...ALL)).toMatchObject({ dropped: 0, returned: 0 });

  for (const { id } of await listImports(dataSource, 2)) await undoImport({ dataSource, store }, id);
  expect(await dropped()).toEqual([]);
});
