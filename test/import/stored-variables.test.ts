import { importRelease, type ImportSummary } from '../../src/services/imports/index.js';
import { readValues, resolveVariables } from '../../src/services/variables/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { dataSource, emptyRelease, release } from '../helpers/release-database.js';

emptyRelease();

const NOTHING_TO_KEEP = 'with nothing to keep: blank, or only codes of a visit or knee of which nothing else is known';

const importAll = (dryRun = false): Promise<ImportSummary> =>
  importRelease(dataSource, release.path, { store: {} as BlobStore, dryRun });

/** What a participant has of some variables: the value, with its meaning where it has one, or the code of why there is none. */
async function of(oaiId: string, ...names: string[]): Promise<(string | null)[]> {
  const [row] = await dataSource.query<{ id: number }[]>('SELECT id FROM participant WHERE oai_id = $1', [oaiId]);
  const refs = await resolveVariables(dataSource, names);
  const [values] = await readValues(dataSource, refs, 'participant', [row!.id]);
  return values!.map(({ value, meaning, missing }) =>
    value === null ? missing : meaning === null ? value : `${value} ${meaning}`,
  );
}

async function variables(): Promise<unknown> {
  return dataSource.query(`SELECT name, owner, kind FROM variable ORDER BY name COLLATE "C"`);
}

test('columns that no field takes are kept raw, with code and label, where their names say that they belong', async () => {
  await release.table(
    'AllClinical00.txt',
    'ID|VERSION|V00AGE|P01WEIGHT|V00INCOME|V00KPNR12|V00KPNL12|V00HYAINJR|V00HYAINJL|V00WSRKN1|V00WSLKN1|V00KOOSFSR|V00EVDATE2',
    [
      '1000001|25|61|83.40|3: $25K to < $50K|1|0|1: Yes|0: No|2|0|50|02/14/2006',
      '1000002|25|62|.|.R: Refused|.M|0|.|.A: Not Expected|1|1|50|',
    ],
  );
  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.tables[0]).toMatchObject({ inserted: 2, storedColumns: 9, storedCells: 17, storedChanges: 17 });
  expect(await variables()).toEqual([
    { name: 'EVDATE2', owner: 'visit', kind: 'DATE' },
    { name: 'HYAINJ', owner: 'knee_exam', kind: 'CODE' },
    { name: 'INCOME', owner: 'visit', kind: 'CODE' },
    { name: 'KPNL12', owner: 'visit', kind: 'NUMBER' },
    { name: 'KPNR12', owner: 'visit', kind: 'NUMBER' },
    { name: 'P01WEIGHT', owner: 'visit', kind: 'NUMBER' },
    { name: 'WSKN1', owner: 'knee_exam', kind: 'NUMBER' },
  ]);
  const names = [
    'P01WEIGHT',
    'V00INCOME',
    'V00HYAINJR',
    'V00HYAINJL',
    'V00WSRKN1',
    'V00WSLKN1',
    'V00EVDATE2',
    'V00KPNR12',
  ];
  expect(await of('1000001', ...names)).toEqual([
    '83.4',
    '3 $25K to < $50K',
    '1 Yes',
    '0 No',
    '2',
    '0',
    '2006-02-14',
    '1',
  ]);
  expect(await of('1000002', ...names)).toEqual(['.', '.R', '.', '.A', '1', '1', null, '.M']);
});

test('what labels of a SAS file say of both knees belongs to the knee', async () => {
  const { kneeColumn } = await import('../../src/domain/variables/index.js');
  const labels: Record<string, string> = { DFR: 'Right knee: flexion', DFL: 'Left knee: flexion' };
  const names = new Set(['DFR', 'DFL', 'GRIPR', 'GRIPL']);
  const labelOf = (name: string): string | null => labels[name] ?? null;

  expect(kneeColumn('DFR', names, labelOf)).toEqual({ name: 'DF', side: 'RIGHT' });
  expect(kneeColumn('GRIPR', names, labelOf)).toEqual({ name: 'GRIPR', side: null });
});

test('readings of images hang on the exam, by reading project; those of hands on the visit', async () => {
  await release.table('kXR_QJSW_Duryea00.txt', 'ID|SIDE|READPRJ|VERSION|V00MCMJSW|V00BARCDJD', [
    '1000001|1: Right|15|0.9|4.25|016600000001',
    '1000001|2: Left|15|0.9|.T|016600000001',
    '1000001|2: Left|37|0.9|3.5|016600000002',
  ]);
  await release.write('kMRI_SQ_MOAKS_BICL00.csv', 'ID,SIDE,READPRJ,VERSION,V00MBMSFMA\n1000001,1,22,0.1,2\n');
  await release.write('hxr_sq_summary00.txt', 'ID,SIDE,READPRJ,V00DIPKL\n1000001,1,36,3\n1000001,2,36,2\n');
  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.ignored).toEqual([]);
  expect(summary.tables.map(({ inserted }) => inserted)).toEqual([2, 1, 3]);
  const names = ['V00MCMJSWR', 'V00MCMJSWL', 'V00MCMJSWL@37', 'V00BARCDJDR', 'V00MBMSFMAR', 'V00DIPKL@36 LEFT'];
  expect(await of('1000001', ...names)).toEqual(['4.25', '.T', '3.5', '016600000001', '2', '2']);
});

test('a summary of hands for all visits in one file belongs to the participant', async () => {
  await release.write(
    'hxr_sq_summary.txt',
    'ID,SIDE,VERSION,V00DIPKL,V06DIPKL\n1000001,1,0.1,3,4\n1000001,2,0.1,.A,2\n',
  );
  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.ignored).toEqual([]);
  expect(summary.tables[0]).toMatchObject({ inserted: 2, storedCells: 4 });
  expect(await variables()).toEqual([
    { name: 'V00DIPKL', owner: 'participant', kind: 'NUMBER' },
    { name: 'V06DIPKL', owner: 'participant', kind: 'NUMBER' },
  ]);
  const names = ['V00DIPKL@RIGHT', 'V00DIPKL@LEFT', 'V06DIPKL@RIGHT', 'V06DIPKL@LEFT'];
  expect(await of('1000001', ...names)).toEqual(['3', '.A', '4', '2']);
  expect((await importAll()).tables[0]).toMatchObject({ skipped: true, unchanged: 2 });
});

test('series that were not made, films of hands and repeats of a series keep what is told of them', async () => {
  await release.table('MRI00.txt', 'ID|VERSION|V00MEXAMTP|V00MRBARCD|V00MRCOMP|V00MRSIDE|V00QCRESLT|V00MNDREAS', [
    '1000001|1|R SAG 3D DESS WE|016610000001|1|1: Right|Y: Accepted|',
    '1000001|1|R SAG 3D DESS WE|016610000002|1|1: Right|NR|',
    '1000001|1|L COR IW TSE||0|2: Left||4: Claustrophobia',
    '1000001|1|THIGH T1|016610000004|1|3|Y|',
  ]);
  const summary = await importAll();

  expect(summary.refusals).toEqual([]);
  expect(summary.tables[0]).toMatchObject({
    inserted: 3,
    passedOver: { 'series of the thigh, localisers and prescriptions': 1 },
    storedCells: 3,
  });
  expect(
    await of('1000001', 'V00QCRESLTR@SAG_3D_DESS', 'V00QCRESLTR@SAG_3D_DESS (2)', 'V00MNDREASL@COR_IW_TSE'),
  ).toEqual(['Y Accepted', 'NR', '4 Claustrophobia']);
});

describe('stored values give way by the rule of precedence', () => {
  const write = (version: string, ...cells: string[]): Promise<string> =>
    release.table(
      'AllClinical00.txt',
      'ID|VERSION|V00AGE|V00INCOME',
      cells.map((cell, index) => `100000${index + 1}|${version}|61|${cell}`),
    );

  test('importing A, B, A leaves the values of A', async () => {
    await write('25', '3', '4', '.R', '');
    await importAll();
    await write('25', '2', '4', '5', '1');
    const second = await importAll();
    await write('25', '3', '4', '.R', '');
    const third = await importAll();

    expect(second.tables[0]).toMatchObject({ updated: 3, unchanged: 1, storedChanges: 3 });
    expect(third.tables[0]).toMatchObject({ updated: 2, blank: 1, unchanged: 1, storedChanges: 2 });
    expect([
      await of('1000001', 'V00INCOME'),
      await of('1000003', 'V00INCOME'),
      await of('1000004', 'V00INCOME'),
    ]).toEqual([['3'], ['.R'], ['1']]);
  });

  test('an older release does not replace, a blank erases nothing, a code fills a plain missing', async () => {
    await write('25', '3', '.', '.R');
    await importAll();
    await write('24', '2', '.A', '');
    const older = await importAll();

    expect(older.tables[0]).toMatchObject({ kept: 1, updated: 1, blank: 1 });
    expect([
      await of('1000001', 'V00INCOME'),
      await of('1000002', 'V00INCOME'),
      await of('1000003', 'V00INCOME'),
    ]).toEqual([['3'], ['.A'], ['.R']]);
  });

  test('a second import changes nothing, and coverage counts values and codes by visit', async () => {
    await write('25', '3', '.R', '4');
    await importAll();
    const { tables } = await importRelease(dataSource, release.path, { store: {} as BlobStore, reread: true });

    expect(tables[0]).toMatchObject({ unchanged: 3, storedCells: 3, storedChanges: 0, changes: [] });
    expect(await dataSource.query('SELECT visit, filled, missing FROM variable_coverage')).toEqual([
      { visit: 'V00', filled: 2, missing: 1 },
    ]);
  });

  test('a dry run tells what would change by column and leaves nothing', async () => {
    await write('25', '3', '.R');
    const dry = await importAll(true);

    expect(dry.tables[0]!.changes).toEqual([
      { table: 'visit', column: 'age', added: 2, filled: 0, replaced: 0, dropped: 0 },
      { table: 'variable', column: 'V00INCOME', added: 2, filled: 0, replaced: 0, dropped: 0 },
    ]);
    expect(await variables()).toEqual([]);
  });

  test('each cell knows its file, version and line', async () => {
    await write('25', '3', '4');
    await importAll();
    const rows = await dataSource.query(
      `SELECT s.name, s.version, l.lines[v.id % 256 + 1] AS line FROM variable_block b
       JOIN visit v ON v.id / 256 = b.block AND b.codes[v.id % 256 + 1] > 0
       JOIN import_source s ON s.id = b.sources[1]
       JOIN variable_line l ON l.source_id = s.id AND l.owner = 'visit' AND l.block = b.block ORDER BY line`,
    );

    expect(rows).toEqual([
      { name: 'allclinical00', version: '25', line: 2 },
      { name: 'allclinical00', version: '25', line: 3 },
    ]);
  });
});

test('rows of an earlier file of a table that this one lacks are counted', async () => {
  const header = 'ID|SIDE|READPRJ|VERSION|V00MCMJSW';
  await release.table('kXR_QJSW_Duryea00.txt', header, [
    '1000001|1|15|0.9|4',
    '1000001|2|15|0.9|4',
    '1000002|1|15|0.9|4',
  ]);
  await importAll();
  await release.table('kXR_QJSW_Duryea00.txt', header, ['1000001|1|15|0.9|4']);

  expect((await importAll()).tables[0]).toMatchObject({ absent: 2, unchanged: 1 });
});

test('codes of a visit that did not take place are counted as not kept', async () => {
  await release.table('AllClinical03.txt', 'ID|VERSION|V03INCOME|V03MARITST', ['1000001|25|.V|.V', '1000002|25|3|.R']);
  const { tables } = await importAll();

  expect(tables[0]).toMatchObject({ inserted: 1, unchanged: 0, storedCells: 2, storedChanges: 2, storedLeft: 2 });
  expect(tables[0]!.passedOver).toEqual({ [NOTHING_TO_KEEP]: 1 });
});

test('a row of which every cell is blank is not of interest, where it stands beside what is stored too', async () => {
  const readings = ['1000001|1|15|0.3| |', '1000002|1|15|0.3|1|', '1000003|1|15|0.3|.A|.A'];
  await release.table('kMRI_SQ_MOAKS_BICL00.txt', 'ID|SIDE|READPRJ|VERSION|V00MBMSFMA|V00MCMFMA', readings);
  await release.table('AllClinical00.txt', 'ID|VERSION|V00AGE|V00WOMKPR|V00INCOME', [
    '1000001|25|||',
    '1000002|25|61||',
  ]);
  await release.table('kXR_SQ_BU00.txt', 'ID|SIDE|READPRJ|VERSION|V00XRKL', [
    '1000001|1|15|0.8|',
    '1000002|1|15|0.8|2',
  ]);
  const counts = ({ tables }: ImportSummary): unknown[] =>
    tables.map(({ rows, inserted, updated, unchanged, passedOver }) => [
      rows,
      inserted,
      updated,
      unchanged,
      passedOver,
    ]);

  // A reading is there though it says nothing: the knee was read.
  expect(counts(await importAll())).toEqual([
    [2, 2, 0, 0, {}],
    [2, 0, 1, 0, { [NOTHING_TO_KEEP]: 1 }],
    [3, 1, 0, 0, { [NOTHING_TO_KEEP]: 2 }],
  ]);
  expect(counts(await importRelease(dataSource, release.path, { store: {} as BlobStore, reread: true }))).toEqual([
    [2, 0, 0, 2, {}],
    [2, 0, 0, 1, { [NOTHING_TO_KEEP]: 1 }],
    [3, 0, 0, 1, { [NOTHING_TO_KEEP]: 2 }],
  ]);
});

test('a barcode that a spreadsheet saved as a number is the one that is stored', async () => {
  const header = 'ID|SIDE|READPRJ|VERSION|V00MRBARCD|V00MBMSFMA';
  await release.table('kMRI_SQ_MOAKS_BICL00.txt', header, ['1000001|1|15|0.3|016612345678|1', '1000002|1|15|0.3|.T|1']);
  await importAll();
  await release.write('kMRI_SQ_MOAKS_BICL00.csv', `${header.replaceAll('|', ',')}\n1000001,1,15,0.3,16612345678.0,1\n`);
  const { tables } = await importAll();

  expect(tables[0]).toMatchObject({ file: 'kMRI_SQ_MOAKS_BICL00.csv', updated: 0, unchanged: 1 });
  expect(await of('1000001', 'V00MRBARCDR')).toEqual(['016612345678']);
  expect(await of('1000002', 'V00MRBARCDR')).toEqual(['.T']);
});

test('who is deleted leaves no value behind, and is not counted any more', async () => {
  await release.table('AllClinical00.txt', 'ID|VERSION|V00INCOME|V00HYAINJR|V00HYAINJL', [
    '1000001|25|3|1|0',
    '1000002|25|4|1|1',
  ]);
  await importAll();
  await dataSource.query(
    `DELETE FROM knee_exam USING participant p WHERE p.id = participant_id AND p.oai_id = '1000001'`,
  );
  await dataSource.query(`DELETE FROM visit USING participant p WHERE p.id = participant_id AND p.oai_id = '1000001'`);
  await dataSource.query(`DELETE FROM participant WHERE oai_id = '1000001'`);

  const [left] = await dataSource.query(
    `SELECT count(*)::integer AS cells FROM variable_block, unnest(codes) AS c(code) WHERE code <> 0`,
  );
  expect(left).toEqual({ cells: 3 });
  expect(
    await dataSource.query(
      'SELECT v.name, filled FROM variable_coverage JOIN variable v ON v.id = variable_id ORDER BY v.name',
    ),
  ).toEqual([
    { name: 'HYAINJ', filled: 2 },
    { name: 'INCOME', filled: 1 },
  ]);
});

test('a name that two kinds of owners have, or that is ours, is told apart by its table', async () => {
  await release.table('AllClinical00.txt', 'ID|VERSION|V00AGE|V00READER', ['1000001|25|61|7']);
  await release.table('kMRI_SQ_MOAKS_BICL00.txt', 'ID|SIDE|READPRJ|V00READER|V00AGE', ['1000001|1|22|9|62']);
  const { refusals } = await importAll();

  expect(refusals).toEqual([]);
  expect(
    await of('1000001', 'V00READER', 'KMRI_SQ_MOAKS_BICL.READER', 'V00AGE').catch((error: Error) => error.message),
  ).toBe('KMRI_SQ_MOAKS_BICL.READER is of a visit: name the visit too, e.g. V00KMRI_SQ_MOAKS_BICL.READERR.');
  expect(await of('1000001', 'V00READER', 'V00KMRI_SQ_MOAKS_BICL.READERR', 'V00AGE')).toEqual(['7', '9', '61']);
});

test('an import leaves PostgreSQL planning for the rows that there are, whenever it last looked by itself', async () => {
  await release.table('Enrollees.txt', 'ID|P02SEX', ['1000001|1: Male', '1000002|2: Female']);
  await release.table('AllClinical00.txt', 'ID|VERSION|V00AGE|V00INCOME|V00WSRKN1', [
    '1000001|25|61|1: Low|2',
    '1000002|25|62|2: High|1',
  ]);
  await dataSource.query('ANALYZE');
  await importAll();

  const rows = await dataSource.query<{ relname: string; planned: number; there: number }[]>(
    `SELECT relname, reltuples::integer AS planned,
       (xpath('//n/text()', query_to_xml('SELECT count(*) AS n FROM ' || relname, false, true, '')))[1]::text::integer AS there
     FROM pg_class WHERE relkind = 'r' AND relname ~ '^(participant$|visit$|knee_exam$|variable)'`,
  );
  const filled = rows.filter(({ there }) => there > 0);
  expect(filled.map(({ relname }) => relname)).toEqual(
    expect.arrayContaining(['participant', 'visit', 'variable', 'variable_block', 'variable_line']),
  );
  expect(filled.filter(({ planned, there }) => planned !== there)).toEqual([]);
});
