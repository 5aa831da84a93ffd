import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PAGE, multiply } from '../../bench/cohorts/queries.js';
import { encodeId } from '../../src/domain/global-ids.js';
import { startTestServer, type TestServer } from '../helpers/server.js';
import { StatementLog } from '../helpers/statements.js';

/** Tables with few rows, which are read whole whatever indexes they have. */
const SMALL = new Set(['bundle', 'evaluation', 'derived_variable', 'derived_variable_version']);

/**
 * The SQL of the queries that matter most, as text that a reviewer sees change. `OSTEOGRAPH_WRITE_SQL=1` writes the files anew.
 */
const FOLDER = join('test', 'golden', 'queries');

const log = new StatementLog();

let api: TestServer;
let generationId: string;

beforeAll(async () => {
  api = await startTestServer({ logger: log });
  const { make, dataSource } = api;
  const participant = await make.participant();
  const bundle = await make.bundle();
  for (const [month, code] of (['V00', 'V01'] as const).entries()) {
    const visit = await make.visit(participant, { code, bmi: 28.1, age: 63 });
    const film = await make.radiograph(visit, { barcode: `00123456789${month}`, assetId: (await make.asset()).id });
    for (const side of ['RIGHT', 'LEFT'] as const) {
      const exam = await make.exam(visit, { side, preferredProject: '15', grades: { XRKL: 3 } });
      await make.reading(exam, { project: '15', grades: { XRKL: 3 } });
      await make.series(exam, {
        barcode: `01661021425${month}${side === 'LEFT' ? 1 : 2}`,
        assetId: (await make.asset()).id,
      });
      const generation = await make.generation(exam, film, bundle, { state: 'SUCCEEDED' });
      generationId = generation.id;
    }
  }
  // Enough of everything that no plan reads a whole table because it is small.
  await multiply(api.databaseUrl, 3000);
  await dataSource.query('UPDATE visit SET bmi = 16 + (id * 7919 % 300) / 10.0');
  await copyRows('asset', 2000, {
    sha256: "encode(sha256((sha256 || copy)::bytea), 'hex')",
    storage_key: 'storage_key || copy',
  });
  await copyRows('generation', 5000, {
    id: 'gen_random_uuid()',
    created_at: "created_at - copy * interval '1 minute'",
  });
  await dataSource.query(
    `INSERT INTO generation_slice (generation_id, index, depth, asset_id)
     SELECT g.id, 0, 0, a.id FROM generation g, (SELECT min(id) AS id FROM asset) a`,
  );
  await dataSource.query('VACUUM ANALYZE');
  // From now on the token is known, and costs no statement.
  await api.ask('{ viewer { name } }');
}, 120_000);

afterAll(() => api.close());

test.each<[name: string, query: string, variables: () => object, readWhole: string[]]>([
  ['page-of-exams', PAGE, () => ({ first: 50 }), []],
  ['next-page-of-exams', PAGE, () => ({ first: 50, after: undefined }), []],
  [
    'exams-by-bmi',
    '{ kneeExams(first: 50, orderBy: [{ field: BMI, direction: DESC }]) { nodes { id kl visit { bmi } } } }',
    () => ({}),
    [],
  ],
  [
    'filtered-exams',
    `{ kneeExams(first: 50, where: { kl: { gte: 2 }, visit: { eq: V00 }, hasMri: true }) {
         edges { cursor node { id kl visit { age } } } } }`,
    () => ({}),
    [],
  ],
  [
    'exams-as-rows',
    `{ kneeExams(first: 50) { nodes { id grades { feature grade } participant { oaiId } visit { code }
         readings { project } radiograph { image { url } } mriSeries { volume { url } } generations(first: 3) { nodes { id state } } } } }`,
    () => ({}),
    [],
  ],
  [
    'participants-with-visits',
    '{ participants(first: 30) { nodes { oaiId visits { code exams { id kl } } } } }',
    () => ({}),
    [],
  ],
  ['exam-by-id', 'query ($id: ID!) { node(id: $id) { id } }', () => ({ id: encodeId('KneeExam', 5) }), []],
  [
    'generation-by-id',
    'query ($id: ID!) { generation(id: $id) { id state bundle { name } exam { id } slices { index } } }',
    () => ({ id: encodeId('Generation', generationId) }),
    [],
  ],
  ['newest-generations', '{ generations(first: 25) { nodes { id state createdAt } } }', () => ({}), []],
  // Counting selects by hardly anything: every exam is looked at, once.
  [
    'facets',
    '{ kneeExamFacets(by: [KL, SIDE, VISIT]) { exams values { value } } }',
    () => ({}),
    ['knee_exam', 'visit'],
  ],
  [
    'exams-by-a-change',
    `{ kneeExams(where: { visit: { eq: V00 } }, first: 50, orderBy: [{ number: { variable: "WOMKP", change: { from: V00, to: V01 } } }]) {
         nodes { id kl } } }`,
    () => ({}),
    ['knee_exam', 'variable'],
  ],
  [
    'prevalence',
    '{ kneePrevalence(where: { visit: { eq: V00 } }, having: { kl: { gte: 2 } }, by: [SEX, SIDE]) { share lower upper } }',
    () => ({}),
    ['knee_exam', 'participant'],
  ],
])('%s is asked of the database in these words, and reads no table whole but those named', async (...one) => {
  const [name, query, variables, readWhole] = one;
  const given = name.startsWith('next') ? { ...variables(), after: await endOfFirstPage() } : variables();
  log.clear();

  const { errors } = await api.ask(query, given);
  const statements = [...new Map(log.sent.map((statement) => [statement.sql, statement])).values()];

  expect(errors).toBeUndefined();
  const text = statements.map(({ sql }) => `${legible(sql)};\n`).sort();
  const path = join(FOLDER, `${name}.sql`);
  if (process.env['OSTEOGRAPH_WRITE_SQL']) await writeFile(path, text.join('\n'));
  expect(text.join('\n')).toBe(await readFile(path, 'utf8'));
  const scanned = new Set<string>();
  for (const statement of statements) for (const table of await tablesReadWhole(statement)) scanned.add(table);
  expect([...scanned].filter((table) => !SMALL.has(table)).sort()).toEqual(readWhole);
});

async function endOfFirstPage(): Promise<string> {
  const { data } = await api.ask<{ kneeExams: { pageInfo: { endCursor: string } } }>(PAGE, { first: 50 });
  return data!.kneeExams.pageInfo.endCursor;
}

/** A line for each clause, so that a difference shows where it is. */
function legible(sql: string): string {
  return sql
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/ (FROM|WHERE|GROUP BY|ORDER BY|LIMIT|LEFT JOIN|JOIN|CROSS JOIN) /g, '\n$1 ');
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

async function tablesReadWhole({ sql, parameters }: StatementLog['sent'][number]): Promise<string[]> {
  const rows: { 'QUERY PLAN': [{ Plan: Plan }] }[] = await api.dataSource.query(
    `EXPLAIN (FORMAT JSON) ${sql}`,
    parameters,
  );
  const walk = (plan: Plan): string[] => [
    ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name']!] : []),
    ...(plan.Plans ?? []).flatMap(walk),
  ];
  return walk(rows[0]!['QUERY PLAN'][0].Plan);
}

/** Fills a table with copies of its rows; `changed` says in SQL what is different in each. */
async function copyRows(table: string, copies: number, changed: Record<string, string>): Promise<void> {
  const columns: { name: string }[] = await api.dataSource.query(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_name = $1 AND table_schema = 'public' AND is_identity = 'NO'`,
    [table],
  );
  const names = columns.map(({ name }) => name);
  const values = names.map((name) => changed[name] ?? name);
  await api.dataSource.query(
    `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')} FROM ${table}, generate_series(1, $1::integer) AS copy`,
    [copies],
  );
}
