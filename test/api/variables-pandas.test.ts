import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/domain/package.js';
import { createToken } from '../../src/services/access/index.js';
import { exportSpec, writeTable } from '../../src/services/exports/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { importSyntheticTables } from '../helpers/synthetic-tables.js';

/** What pandas says of the same release. */
const golden = JSON.parse(readFileSync(join(packageRoot, 'test/golden/variables.json'), 'utf8')) as {
  exams: number;
  income: Record<string, number>;
  missing: Record<string, number>;
  narrow: number;
  narrowAtBaseline: number;
  narrowWithoutSymptoms: number;
  incomeOfThree: number;
  widthBySide: Record<'R' | 'L', Record<string, number>>;
  values: [string, string, number | null][];
};

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await importSyntheticTables(api.dataSource, { participants: 120, seed: 11, visits: ['V00', 'V06'] });
});

afterAll(() => api.close());

async function count(...variables: object[]): Promise<number> {
  const { data, errors } = await api.ask<{ kneeExams: { totalCount: number } }>(
    'query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }',
    { where: { visit: { eq: 'V06' }, variables } },
  );
  expect(errors).toBeUndefined();
  return data!.kneeExams.totalCount;
}

test('filters by variables select as many exams as pandas does', async () => {
  expect(await count()).toBe(golden.exams);
  expect(await count({ name: 'MCMJSW', lt: 4 })).toBe(golden.narrow);
  expect(await count({ name: 'V00MCMJSW', lt: 4 })).toBe(golden.narrowAtBaseline);
  expect(await count({ name: 'MCMJSW', lt: 5 }, { name: 'koosSymptoms', gte: 80 })).toBe(golden.narrowWithoutSymptoms);
  expect(await count({ name: 'V00INCOME', eq: 3 })).toBe(golden.incomeOfThree);
  for (const [code, exams] of Object.entries(golden.missing)) {
    expect(await count({ name: 'MCMJSW', missing: { eq: code } })).toBe(exams);
  }
});

test('facets by variables count as pandas does', async () => {
  const { data, errors } = await api.ask<{ kneeExamFacets: { exams: number; values: { value: string }[] }[] }>(
    '{ kneeExamFacets(where: { visit: { eq: V06 } }, variables: ["V00INCOME"]) { exams values { value } } }',
  );
  expect(errors).toBeUndefined();
  expect(Object.fromEntries(data!.kneeExamFacets.map(({ exams, values }) => [values[0]!.value, exams]))).toEqual(
    golden.income,
  );
});

test('a token of role SUMMARY gets counts of a variable rounded to fives, and none of fewer than five people', async () => {
  const { text } = await createToken(api.dataSource, { name: 'counts', role: 'SUMMARY' });
  const { data, errors } = await api.ask<{
    kneeExamFacets: { exams: number; values: { value: string | null; suppressed: boolean }[] }[];
  }>('{ kneeExamFacets(by: [VISIT, SIDE], variables: ["V00INCOME"]) { exams values { value suppressed } } }', {}, text);

  expect(errors).toBeUndefined();
  expect(data!.kneeExamFacets.length).toBeGreaterThan(8);
  expect(data!.kneeExamFacets.filter(({ exams }) => exams < 5 || exams % 5 !== 0)).toEqual([]);
  const widths = await api.ask<typeof data & object>(
    '{ kneeExamFacets(variables: ["MCMJSW"]) { exams values { value suppressed } } }',
    {},
    text,
  );
  // Hardly two knees have the same width: nearly all are pooled.
  expect(
    widths.data!.kneeExamFacets.filter(({ values }) => values[0]!.value !== null && !values[0]!.suppressed),
  ).toEqual([]);
});

test('statistics of a variable are those of pandas', async () => {
  const { data, errors } = await api.ask<{
    kneeExamStatistics: (Record<string, number> & { values: { value: string }[] })[];
  }>(
    `{ kneeExamStatistics(where: { visit: { eq: V06 } }, ofNumber: { variable: "MCMJSW" }, by: [SIDE]) {
      values { value } count mean standardDeviation lowerQuartile median upperQuartile
    } }`,
  );
  expect(errors).toBeUndefined();
  expect(data!.kneeExamStatistics).toHaveLength(2);
  for (const { values, ...figures } of data!.kneeExamStatistics) {
    const expected = golden.widthBySide[values[0]!.value === 'RIGHT' ? 'R' : 'L'];
    for (const [name, figure] of Object.entries(expected))
      expect([name, figures[name]]).toEqual([name, expect.closeTo(figure, 5)]);
  }
});

test('an export has the values, the codes of missing ones and their lines in the data dictionary', async () => {
  const spec = await exportSpec(api.dataSource, COMMAND_LINE, {
    format: 'CSV',
    columns: ['key'],
    variables: ['MCMJSW', 'V00INCOME', 'P01INJ'],
    where: { visit: { eq: 'V06' } },
  });
  const stream = writeTable(api.dataSource, spec as Parameters<typeof writeTable>[1]);
  const pieces: Buffer[] = [];
  for await (const piece of stream.pieces) pieces.push(piece);
  const [header, ...rows] = Buffer.concat(pieces).toString().trim().split('\n');

  expect(header).toBe(
    'exam_id,oai_id,visit,side,phantom,MCMJSW,MCMJSW_missing,V00INCOME,V00INCOME_missing,P01INJ,P01INJ_missing',
  );
  expect(rows).toHaveLength(golden.exams);
  const cells = new Map(
    rows.map((row) => row.split(',')).map(([, id, , side, , ...rest]) => [`${id} ${side![0]}`, rest]),
  );
  for (const [id, side, width] of golden.values) {
    const [value, missing, income, , injured] = cells.get(`${id} ${side}`)!;
    expect([value, missing === '']).toEqual([width === null ? '' : String(width), width !== null]);
    expect(income).toMatch(/^[2-5]$/);
    expect(injured).toMatch(/^[01]?$/);
  }
  const { columns } = stream.description();
  expect(columns.find(({ name }) => name === 'V00INCOME')).toMatchObject({
    group: 'variables',
    type: 'real',
    description: 'Yearly income of the household',
    codes: { 3: '$25K to < $50K' },
    missing: 'V00INCOME_missing',
  });
  expect(columns.find(({ name }) => name === 'MCMJSW')).toMatchObject({ unit: 'mm', nullable: true });
});

test('an export in the background keeps what the names meant, and one of an unknown variable is refused', async () => {
  const { data, errors } = await api.ask<{ exportCohort: { export: { columns: string[] } } }>(
    'mutation { exportCohort(input: { format: CSV, columns: ["key"], variables: ["V00MCMJSW"] }) { export { columns } } }',
  );
  expect(errors).toBeUndefined();
  expect(data!.exportCohort.export.columns.slice(-2)).toEqual(['V00MCMJSW', 'V00MCMJSW_missing']);
  const refused = await api.ask(
    'mutation { exportCohort(input: { format: CSV, variables: ["V00MCMJSQ"] }) { export { id } } }',
  );
  expect(refused.errors?.[0]).toMatchObject({
    message: 'There is no variable "V00MCMJSQ"; the nearest names are MCMJSW.',
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

test('a cohort keeps the names of its variables, and counts by them whenever it is read', async () => {
  const { text } = await createToken(api.dataSource, { name: 'cohorts', role: 'OPERATOR' });
  const filter = { visit: { eq: 'V06' }, variables: [{ name: 'MCMJSW', lt: 4 }] };
  const made = await api.ask<{ createCohort: { cohort: { id: string; filter: object; counts: { exams: number } } } }>(
    `mutation ($filter: KneeExamFilter) {
      createCohort(input: { name: "narrow", kind: DYNAMIC, filter: $filter }) { cohort { id filter counts { exams } } }
    }`,
    { filter },
    text,
  );

  expect(made.errors).toBeUndefined();
  const { id, ...cohort } = made.data!.createCohort.cohort;
  expect(cohort).toEqual({ filter, counts: { exams: golden.narrow } });
  const { data } = await api.ask<{ kneeExams: { totalCount: number } }>(
    'query ($id: ID!) { kneeExams(where: { inCohort: { eq: $id }, variables: [{ name: "V00INCOME", eq: 3 }] }) { totalCount } }',
    { id },
    text,
  );
  expect(data!.kneeExams.totalCount).toBeLessThan(golden.narrow);
});
