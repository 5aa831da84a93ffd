import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createDerivedVariable } from '../../src/services/derived/index.js';
import { exportSpec, writeTable } from '../../src/services/exports/index.js';
import { only } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

type Counts = Record<string, number>;

/** What pandas says of the same release. */
const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/derived-variables.json'), 'utf8')) as Record<
  'V00' | 'V06',
  { exams: number; symptomatic: Counts; bands: Counts }
>;

const HURTING = { or: [{ koosPain: { lte: 85 } }, { koosSymptoms: { lte: 80 } }] };

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await importSyntheticTables(api.dataSource, { participants: 900, seed: 21, visits: ['V00', 'V06'] });
  await createDerivedVariable(api.dataSource, COMMAND_LINE, {
    name: 'symptomaticOa',
    label: 'Symptomatic OA',
    where: { kl: { gte: 2 }, ...HURTING },
  });
  await createDerivedVariable(api.dataSource, COMMAND_LINE, {
    name: 'oaStage',
    label: 'Stage of symptomatic OA',
    bands: [
      { label: 'severe', where: { kl: { gte: 3 }, ...HURTING } },
      { label: 'early', where: { kl: { gte: 2 } } },
      { label: 'none', where: { kl: { lt: 2 } } },
    ],
  });
});

afterAll(() => api.close());

test.each(['V00', 'V06'] as const)(
  'at %s a derived variable and its bands count as pandas does, missing ones too',
  async (visit) => {
    const answer = await api.ask<Record<string, { exams: number; values: { meaning: string | null }[] }[]>>(
      `query ($where: KneeExamFilter) {
      symptomatic: kneeExamFacets(where: $where, variables: ["symptomaticOa"]) { exams values { meaning } }
      bands: kneeExamFacets(where: $where, variables: ["oaStage"]) { exams values { meaning } }
    }`,
      { where: { visit: { eq: visit } } },
    );
    const { symptomatic, bands } = only(answer);
    const counts = (buckets: typeof bands) =>
      Object.fromEntries(buckets!.map(({ exams, values }) => [values[0]!.meaning ?? 'missing', exams]));

    expect(counts(symptomatic)).toEqual(golden[visit].symptomatic);
    expect(counts(bands)).toEqual(golden[visit].bands);
  },
);

test('prevalence takes those of whom it is not known out of the share', async () => {
  const { Yes, No, missing } = golden.V06.symptomatic;
  const answer = await api.ask(
    '{ kneePrevalence(where: { visit: { eq: V06 } }, having: { variables: [{ name: "symptomaticOa", eq: 1 }] }) { exams cases count missing } }',
  );

  expect(only(answer)).toEqual({
    kneePrevalence: [{ exams: golden.V06.exams, cases: Yes, count: Yes! + No!, missing }],
  });
});

test('an export has its codes, says in the data dictionary what they stand for, and keeps the definition', async () => {
  const spec = await exportSpec(api.dataSource, COMMAND_LINE, {
    format: 'CSV',
    columns: ['key'],
    variables: ['oaStage', 'V00symptomaticOa'],
    where: { visit: { eq: 'V06' } },
  });
  const stream = writeTable(api.dataSource, spec as Parameters<typeof writeTable>[1]);
  const pieces: Buffer[] = [];
  for await (const piece of stream.pieces) pieces.push(piece);
  const [header, ...rows] = Buffer.concat(pieces).toString().trim().split('\n');

  expect(header).toBe(
    'exam_id,oai_id,visit,side,phantom,oaStage,oaStage_missing,V00symptomaticOa,V00symptomaticOa_missing',
  );
  const stages = Map.groupBy(rows, (row) => row.split(',')[5]);
  const { severe, early, none, missing } = golden.V06.bands;
  expect(['1', '2', '3', ''].map((stage) => stages.get(stage)!.length)).toEqual([severe, early, none, missing]);
  const { columns, derivedVariables } = stream.description();
  expect(columns.find(({ name }) => name === 'oaStage')).toMatchObject({
    ...{ group: 'variables', type: 'real', owner: 'KNEE_EXAM', nullable: true, missing: 'oaStage_missing' },
    description: 'Stage of symptomatic OA; derived variable oaStage, version 1',
    codes: { 1: 'severe', 2: 'early', 3: 'none' },
  });
  expect(derivedVariables).toEqual([
    {
      ...{ name: 'oaStage', version: 1, label: 'Stage of symptomatic OA' },
      values: [
        { code: 1, label: 'severe', where: { kl: { gte: 3 }, ...HURTING } },
        { code: 2, label: 'early', where: { kl: { gte: 2 } } },
        { code: 3, label: 'none', where: { kl: { lt: 2 } } },
      ],
    },
    {
      ...{ name: 'symptomaticOa', version: 1, label: 'Symptomatic OA' },
      values: [
        { code: 1, label: 'Yes', where: { kl: { gte: 2 }, ...HURTING } },
        { code: 0, label: 'No' },
      ],
    },
  ]);
});

test('an export in the background is written with the version that was there when it was asked for', async () => {
  const asked = await api.ask<{ exportCohort: { export: { id: string; filter: object; columns: string[] } } }>(
    `mutation { exportCohort(input: {
      format: CSV, columns: ["key"], variables: ["symptomaticOa"]
      where: { visit: { eq: V06 }, variables: [{ name: "symptomaticOa", eq: 1 }] }
    }) { export { id filter columns } } }`,
  );
  const { filter, columns } = only(asked).exportCohort.export;
  expect(filter).toEqual({ visit: { eq: 'V06' }, variables: [{ name: 'symptomaticOa@1', eq: 1 }] });
  expect(columns.slice(-2)).toEqual(['symptomaticOa', 'symptomaticOa_missing']);
  const [kept] = await api.dataSource.query<{ variables: { source: { derived: string; version: number } }[] }[]>(
    'SELECT variables FROM export ORDER BY id DESC LIMIT 1',
  );
  expect(kept!.variables[0]!.source).toMatchObject({ derived: 'symptomaticOa', version: 1 });
  const { derivedVariable } = only(
    await api.ask<{ derivedVariable: { id: string } }>('{ derivedVariable(name: "symptomaticOa") { id } }'),
  );
  const { errors } = await api.ask(
    'mutation ($id: ID!) { deleteDerivedVariable(input: { id: $id }) { deletedDerivedVariableId } }',
    { id: derivedVariable.id },
  );
  expect(errors![0]!.message).toMatch(/^symptomaticOa is used by the export of \d{4}-\d\d-\d\d; delete that first\.$/);
});
