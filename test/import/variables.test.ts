import { VARIABLES, variablesOf } from '../../src/domain/variables/index.js';
import { importRelease } from '../../src/services/imports/index.js';
import { EXPORT_COLUMNS } from '../../src/services/exports/columns.js';
import type { BlobStore } from '../../src/storage/index.js';
import { KneeExam, Visit } from '../../src/entities/index.js';
import { readFileSync } from 'node:fs';
import { buildSchema, isEnumType, isInputObjectType, isObjectType } from 'graphql';
import { ReleaseFolder } from '../helpers/oai-files.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

let api: TestServer;
let release: ReleaseFolder;

beforeAll(async () => {
  api = await startTestServer();
  release = await ReleaseFolder.make();
});

afterAll(async () => {
  await api.close();
  await release.remove();
});

test("OAI's scores of a person and history of a knee arrive where they belong", async () => {
  await release.write(
    'AllClinical00.txt',
    [
      'ID|VERSION|V00KOOSQOL|V00KOOSFSR|V00PASE|V00CESD|P01INJR|P01INJL|P01KSURGR|P01KSURGL',
      '1000001|25|62.5|.A: Not Expected|187|9|1: Yes|0: No|0: No|.: Missing Form/Incomplete Workbook',
    ].join('\n'),
  );
  await release.write('AllClinical03.txt', 'ID|VERSION|V03KOOSQOL|V03PASE|P01INJR\n1000001|25|50|150|0: No\n');

  const summary = await importRelease(api.dataSource, release.path, { store: {} as BlobStore });

  expect(summary.refusals).toEqual([]);
  const visits = await api.dataSource.getRepository(Visit).find({ order: { code: 'ASC' } });
  expect(visits).toMatchObject([
    { code: 'V00', koosQualityOfLife: 62.5, koosSport: null, pase: 187, cesd: 9 },
    { code: 'V03', koosQualityOfLife: 50, koosSport: null, pase: 150, cesd: null },
  ]);
  const exams = await api.dataSource.getRepository(KneeExam).find({ order: { side: 'ASC' } });
  expect(exams).toMatchObject([
    { visitCode: 'V00', side: 'LEFT', injuryEver: false, surgeryEver: null },
    { visitCode: 'V00', side: 'RIGHT', injuryEver: true, surgeryEver: false },
  ]);
});

test('a synthetic release fills every variable, and the API gives what its tables say', async () => {
  await importSyntheticTables(api.dataSource, { participants: 60, seed: 11, visits: ['V00'] });

  const { data, errors } = await api.ask(`{
    kneeExams(where: { participant: { oaiId: { eq: "1000007" } } }, orderBy: [{ field: SIDE, direction: DESC }], first: 5) {
      nodes { side injuryEver surgeryEver visit { koosQualityOfLife koosSport pase cesd } }
    }
  }`);

  expect(errors).toBeUndefined();
  const visit = { koosQualityOfLife: 87.5, koosSport: null, pase: 81, cesd: 2 };
  expect(data).toEqual({
    kneeExams: {
      nodes: [
        { side: 'RIGHT', injuryEver: true, surgeryEver: false, visit },
        { side: 'LEFT', injuryEver: false, surgeryEver: false, visit },
      ],
    },
  });
  const columns = variablesOf('knee_exam').map(({ column }) => `count(e.${column}) > 0 AS ${column}`);
  columns.push(...variablesOf('visit').map(({ column }) => `count(v.${column}) > 0 AS "${column}"`));
  const [filled] = await api.dataSource.query<Record<string, boolean>[]>(
    `SELECT ${columns.join(', ')} FROM knee_exam e JOIN visit v ON v.id = e.visit_id`,
  );
  expect(Object.entries(filled!).filter(([, any]) => !any)).toEqual([]);
});

test('a value outside its domain is refused with the range', async () => {
  await release.write('AllClinical05.txt', 'ID|VERSION|V05CESD|V05PASE\n1000001|25|61|100\n');

  const summary = await importRelease(api.dataSource, release.path, { store: {} as BlobStore });

  expect(JSON.stringify(summary.refusals)).toContain('a number from 0 to 60 is accepted');
});

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const fieldsOf = (name: string): string[] => {
  const type = schema.getType(name);
  return isObjectType(type) || isInputObjectType(type) ? Object.keys(type.getFields()) : [];
};
const valuesOf = (name: string): string[] => {
  const type = schema.getType(name);
  return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
};
const TYPES = { participant: 'Participant', visit: 'Visit', knee_exam: 'KneeExam' } as const;
const FILTERS = { participant: 'ParticipantFilter', visit: 'KneeExamFilter', knee_exam: 'KneeExamFilter' } as const;
const PLACES = [
  ['order', 'KneeExamOrderField'],
  ['measure', 'KneeExamMeasure'],
  ['change', 'KneeScore'],
  ['facet', 'KneeExamFacet'],
] as const;

test.each(variablesOf(null).map((variable) => [variable.code, variable] as const))(
  'the entry of %s is enough for every place that it names',
  (code, { table, column, exportName, uses }) => {
    const upper = column.toUpperCase();
    expect(fieldsOf(TYPES[table])).toContain(code);
    expect(fieldsOf(FILTERS[table]).includes(code)).toBe(uses.includes('filter'));
    for (const [use, type] of PLACES) expect([use, valuesOf(type).includes(upper)]).toEqual([use, uses.includes(use)]);
    expect(EXPORT_COLUMNS.some(({ name }) => name === (exportName ?? column))).toBe(uses.includes('export'));
  },
);

test('the web app asks for every variable of an exam, whether in its table or on its page', () => {
  const fragments = readFileSync('web/src/lib/variable-fragments.ts', 'utf8');
  const asked = variablesOf(null).filter(({ code }) => !new RegExp(`^    ${code}$`, 'm').test(fragments));
  expect(asked).toEqual([]);
  for (const view of ['cohorts', 'exam']) {
    const queries = readFileSync(`web/src/views/${view}/queries.ts`, 'utf8');
    for (const type of ['KneeExam', 'Visit', 'Participant']) expect(queries).toContain(`...${type}Variables\n`);
  }
});

test('no two variables share a code or a column', () => {
  expect(new Set(VARIABLES.map(({ code }) => code)).size).toBe(VARIABLES.length);
  expect(new Set(VARIABLES.map(({ table, column }) => `${table}.${column}`)).size).toBe(VARIABLES.length);
});
