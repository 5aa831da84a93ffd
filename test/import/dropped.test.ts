import type { DataSource } from 'typeorm';
import { encodeId } from '../../src/domain/global-ids.js';
import {
  changedAnything,
  importRelease,
  type ImportSummary,
  listImports,
  type TableSummary,
  undoImport,
} from '../../src/services/imports/index.js';
import type { BlobStore } from '../../src/storage/index.js';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let dataSource: DataSource;
let release: ReleaseFolder;
const store = {} as BlobStore;

beforeEach(async () => {
  api = await startTestServer();
  dataSource = api.dataSource;
  release = await ReleaseFolder.make();
});

afterEach(async () => {
  await api.close();
  await release.remove();
});

const importAll = (): Promise<ImportSummary> => importRelease(dataSource, release.path, { store });

async function bring(file: string, header: string, ...lines: string[]): Promise<TableSummary> {
  await release.table(file, header, lines);
  const { tables } = await importAll();
  return tables[0]!;
}

const READINGS = 'ID|SIDE|READPRJ|VERSION|V00XRKL';
const readings = (...lines: string[]) => bring('kxr_sq_bu00.txt', READINGS, ...lines);

/** What the API tells of the exams, those with a reading of any kind that fits first asked for. */
async function asked(where: object): Promise<unknown> {
  const { data, errors } = await api.ask<{ kneeExams: { nodes: unknown[] } }>(
    `query ($where: KneeExamFilter) {
      kneeExams(where: $where, first: 50, orderBy: [{ field: OAI_ID }]) { nodes { kl participant { oaiId } readings { project version dropped } } }
    }`,
    { where },
  );
  expect(errors).toBeUndefined();
  return data!.kneeExams.nodes;
}

const exam = (oaiId: string, kl: number | null, ...of: [project: string, version: string, dropped: boolean][]) => ({
  kl,
  participant: { oaiId },
  readings: of.map(([project, version, dropped]) => ({ project, version, dropped })),
});

const OLD = ['1000001|1|15|0.8|2', '1000002|1|15|0.8|3', '1000003|1|15|0.8|4'];
const NEW = ['1000001|1|15|0.9|2', '1000003|1|15|0.9|4'];

test('a reading that a higher version lacks is marked, counted, and grades no exam, until a version has it again', async () => {
  await readings(...OLD);

  const newer = await readings(...NEW);

  expect(newer).toMatchObject({ absent: 0, dropped: 1, returned: 0 });
  expect(await readings(...NEW)).toMatchObject({ absent: 0, dropped: 0, returned: 0 });
  const all = [
    exam('1000001', 2, ['PROJECT_15', '0.9', false]),
    exam('1000002', null, ['PROJECT_15', '0.8', true]),
    exam('1000003', 4, ['PROJECT_15', '0.9', false]),
  ];
  expect(await asked({ visit: { eq: 'V00' } })).toEqual(all);
  expect(await asked({ kl: { gte: 0 } })).toEqual([all[0], all[2]]);
  expect(await asked({ reading: { project: 'PROJECT_15', kl: { eq: 3 } } })).toEqual([]);
  expect(await asked({ readings: { some: { kl: { eq: 3 } } } })).toEqual([]);
  expect(await asked({ readings: { some: { dropped: true } } })).toEqual([all[1]]);

  expect(await readings(...NEW, '1000002|1|15|0.9|3')).toMatchObject({ absent: 0, dropped: 0, returned: 1 });
  expect(await asked({ kl: { eq: 3 } })).toEqual([exam('1000002', 3, ['PROJECT_15', '0.9', false])]);
});

test('it is the same when the lower version comes second, and importing it again changes nothing', async () => {
  await readings(...NEW);

  expect(await readings(...OLD)).toMatchObject({ inserted: 1, dropped: 1, absent: 0 });
  expect(await asked({ readings: { some: { dropped: true } } })).toEqual([
    exam('1000002', null, ['PROJECT_15', '0.8', true]),
  ]);
  await readings(...NEW);
  expect(await readings(...OLD)).toMatchObject({ dropped: 0, returned: 0 });
  expect(await asked({ readings: { some: { dropped: true } } })).toHaveLength(1);
});

test('nothing is marked by an equal version, by another reading project, or by a file that lacks more than it has', async () => {
  await readings(...OLD, '1000001|1|37|0.6|2', '1000002|1|37|0.6|3');
  const counts = ({ absent, dropped }: TableSummary) => [absent, dropped];

  expect(counts(await readings('1000001|1|15|0.8|2', '1000001|1|37|0.6|2', '1000003|1|15|0.8|4'))).toEqual([2, 0]);
  expect(counts(await readings(...NEW, '1000002|1|15|0.9|3'))).toEqual([2, 0]);
  expect(counts(await readings('1000001|1|15|1.0|2'))).toEqual([4, 0]);
});

test('an import that only marks rows has changed something, and a dry run of it would', async () => {
  await readings(...OLD);
  await release.table('kxr_sq_bu00.txt', READINGS, NEW);

  expect(changedAnything(await importRelease(dataSource, release.path, { store, dryRun: true }))).toBe(true);
  const done = await importAll();
  expect([changedAnything(done), done.tables[0]]).toMatchObject([true, { updated: 0, dropped: 1 }]);
});

test('undoing the import that lacked the row, or the one that had it again, is as if that had not come', async () => {
  await readings(...OLD);
  await readings(...NEW);
  const [lacking] = await listImports(dataSource, 1);
  await readings(...NEW, '1000002|1|15|0.9|3');
  const [having] = await listImports(dataSource, 1);
  const undo = (id: number) => undoImport({ dataSource, store }, id);

  await expect(undo(lacking!.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  await undo(having!.id);
  expect(await asked({ readings: { some: { dropped: true } } })).toEqual([
    exam('1000002', null, ['PROJECT_15', '0.8', true]),
  ]);
  const { changes } = await undo(lacking!.id);
  expect(changes).toEqual([{ table: 'reading', column: 'dropped', removed: 0, emptied: 0, restored: 1 }]);
  expect(await asked({ kl: { eq: 3 } })).toEqual([exam('1000002', 3, ['PROJECT_15', '0.8', false])]);
});

test('participants, visits, films and series are marked too, and filters select by it', async () => {
  const tables: [file: string, header: string, row: (id: string, version: number) => string][] = [
    ['Enrollees.txt', 'ID|VERSION|P02SEX', (id, version) => `${id}|${version}|1`],
    ['AllClinical00.txt', 'ID|VERSION|V00AGE', (id, version) => `${id}|${version}|60`],
    [
      'XRay00.txt',
      'ID|VERSION|V00EXAMTP|V00XRBARCD|V00XRDATE',
      (id, version) => `${id}|${version}|Bilateral PA Fixed Flexion Knee|01660${id}|06/23/2004`,
    ],
    [
      'MRI00.txt',
      'ID|VERSION|V00MEXAMTP|V00MRBARCD|V00MRCOMP|V00MRSIDE',
      (id, version) => `${id}|${version}|R SAG 3D DESS WE|01661${id}|1|1: Right`,
    ],
  ];
  for (const [version, ids] of [
    [1, ['1000001', '1000002']],
    [2, ['1000001']],
  ] as const) {
    for (const [file, header, row] of tables)
      await release.table(
        file,
        header,
        ids.map((id) => row(id, version)),
      );
    const { tables: done, refusals } = await importAll();
    expect(refusals).toEqual([]);
    expect(done.map(({ dropped }) => dropped)).toEqual(version === 1 ? [0, 0, 0, 0] : [1, 1, 1, 1]);
  }

  const { data, errors } = await api.ask<Record<string, unknown>>(`{
    people: participants(where: { dropped: true }, first: 9) {
      nodes { oaiId dropped visits { code dropped } exams { radiographs { barcode dropped } mriSeries { barcode dropped } } }
    }
    visits: participants(where: { visits: { some: { dropped: true } } }, first: 9) { nodes { oaiId } }
    exams: kneeExams(where: { dropped: false }, first: 9) { nodes { side participant { oaiId dropped } } }
    films: kneeExams(where: { radiographs: { some: { dropped: true } } }, first: 9) { nodes { participant { oaiId } } }
    series: kneeExams(where: { mriSeries: { some: { dropped: true } } }, first: 9) { nodes { side participant { oaiId } } }
  }`);

  expect(errors).toBeUndefined();
  const second = { participant: { oaiId: '1000002' } };
  const films = [{ barcode: '016601000002', dropped: true }];
  expect(data).toMatchObject({
    people: {
      nodes: [
        {
          oaiId: '1000002',
          dropped: true,
          visits: [{ code: 'V00', dropped: true }],
          exams: expect.arrayContaining([
            { radiographs: films, mriSeries: [{ barcode: '016611000002', dropped: true }] },
            { radiographs: films, mriSeries: [] },
          ]),
        },
      ],
    },
    visits: { nodes: [{ oaiId: '1000002' }] },
    exams: { nodes: expect.arrayContaining([{ side: 'LEFT', participant: { oaiId: '1000001', dropped: false } }]) },
    films: { nodes: [second, second] },
    series: { nodes: [{ side: 'RIGHT', ...second }] },
  });
});

test('dropped films and series are counted, exported and made something of no more than dropped readings, until the release has them again', async () => {
  const { make } = api;
  const exam = await make.exam(await make.visit(await make.participant({ oaiId: '9000001' })));
  await make.bundle();
  const film = await make.radiograph(exam, { assetId: (await make.asset()).id });
  const series = await make.series(exam, {
    assetId: (await make.asset()).id,
    sequence: 'COR_T1_3D_FLASH',
    plane: 'CORONAL',
  });
  const told = async () => {
    const { data, errors } = await api.ask<Record<string, { totalCount: number }>>(`{
      film: kneeExams(where: { hasRadiograph: true }) { totalCount }
      mri: kneeExams(where: { hasMri: true }) { totalCount }
      paired: kneeExams(where: { hasPairedMri: true }) { totalCount }
      someFilm: kneeExams(where: { radiographs: { some: { stored: true } } }) { totalCount }
      countedFilms: kneeExams(where: { radiographs: { count: { gte: 1 } } }) { totalCount }
      noSeries: kneeExams(where: { mriSeries: { none: { sequence: { contains: "T1" } } } }) { totalCount }
      dropped: kneeExams(where: { or: [{ radiographs: { some: { dropped: true } } }, { mriSeries: { some: { dropped: true } } }] }) { totalCount }
      listed: kneeExams(where: {}) { totalCount }
    }`);
    expect(errors).toBeUndefined();
    const response = await fetch(`${api.url}/exports?columns=availability`, {
      headers: { authorization: `Bearer ${api.tokens.READER}` },
    });
    const line = (await response.text()).split(/\r?\n/)[1]!;
    return [...Object.values(data!).map(({ totalCount }) => totalCount), line.split(',').slice(-4).join()];
  };
  const drop = async (dropped: object) => {
    await dataSource.query('UPDATE radiograph SET dropped = $2 WHERE id = $1', [film.id, dropped]);
    await dataSource.query('UPDATE mri_series SET dropped = $2 WHERE id = $1', [series.id, dropped]);
  };
  const standing = [1, 1, 1, 1, 1, 0, 0, 1, 'true,true,false,COR_T1_3D_FLASH'];
  expect(await told()).toEqual(standing);

  await drop({ XRay00: 1 });

  expect(await told()).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 'false,false,false,']);
  const asked = await api.ask(`mutation ($exam: ID!) { generateMri(input: { examId: $exam }) { generation { id } } }`, {
    exam: encodeId('KneeExam', exam.id),
  });
  expect(asked.errors![0]!.message).toBe('The exam has no radiograph with pixels; import its images or add one first.');
  await drop({});
  expect(await told()).toEqual(standing);
});
