import { startTestServer, type TestServer } from '../helpers/server.js';
import { StatementLog } from '../helpers/statements.js';

const log = new StatementLog();

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer({ logger: log });
  const { make } = api;
  const full = await make.participant({
    sex: 'FEMALE',
    race: 'BLACK',
    site: 'B',
    hispanic: false,
    cohortHalf: 2,
  });
  const visit = await make.visit(full, { code: 'V06', month: 48, date: '2008-02-29', age: 63, bmi: 28.1 });
  const film = await make.radiograph(visit, {
    view: 'Bilateral \\ "PA"\n\u2028é',
    barcode: '001234567890',
    pixelSpacing: 0.1,
  });
  for (const side of ['RIGHT', 'LEFT'] as const) {
    const exam = await make.exam(visit, {
      side,
      preferredProject: '37',
      grades: { XRKL: 3, XRJSM: 2 },
      womacPain: 0.1,
      womacTotal: 95.99,
      koosPain: 1e-7,
    });
    await make.reading(exam, { project: '37', version: '1.6', grades: { XRKL: 3, XRJSM: 2.4 } });
    await make.reading(exam, { project: '15', version: null, grades: {} });
    await make.series(exam, {
      sequence: 'COR_T1',
      plane: 'CORONAL',
      barcode: side === 'LEFT' ? '016610214252' : null,
      sliceSpacing: 1.5,
    });
    await make.series(exam, { plane: null });
    await make.radiograph(exam, { rows: 2000, columns: 1500, date: '2008-03-01' });
    const generation = await make.generation(exam, film, await make.bundle(), { state: 'SUCCEEDED' });
    await make.series(exam, { generationId: generation.id, assetId: (await make.asset()).id });
  }
  // One of whom nothing is known.
  await make.exam(await make.visit(await make.participant(), { age: null, bmi: null, date: null }));
});

afterAll(() => api.close());

const FILM = '__typename id bilateral barcode view date rows columns pixelSpacing photometric';
const EVERY_COLUMN = `
  __typename id side kl preferredProject womacPain womacDisability womacStiffness womacTotal koosPain
  visit { __typename id code month date age bmi }
  participant { id oaiId sex race hispanic cohort site cohortHalf phantom }
  readings { __typename id project version kl }
  radiograph { ${FILM} } radiographs { ${FILM} }
  mriSeries { id synthetic barcode sequence plane date sliceCount rows columns pixelSpacing sliceSpacing direction }`;

const WRITTEN: [string, string, object][] = [
  ['every column of an exam and of all beside it', `{ kneeExams { nodes { ${EVERY_COLUMN} } } }`, {}],
  [
    'aliases, of lists too, in the order they are asked for',
    '{ list: kneeExams { b: nodes { two: kl side visit { c: code } one: kl r: readings { p: project } } } }',
    {},
  ],
  [
    'fragments, merged',
    `{ kneeExams { nodes { ...A ... on KneeExam { kl visit { id } } ... { side } } ...P } }
     fragment A on KneeExam { visit { code } id } fragment P on KneeExamConnection { pageInfo { ...I } totalCount __typename }
     fragment I on PageInfo { hasNextPage hasPreviousPage startCursor endCursor }`,
    {},
  ],
  [
    'a filter, an order and a page in the middle',
    `query ($first: Int) { kneeExams(first: $first, where: { kl: { gte: 1 } }, orderBy: [{ field: BMI, direction: DESC }, { field: SIDE }]) {
       nodes { id visit { bmi } } pageInfo { hasNextPage endCursor } totalCount } }`,
    { first: 1 },
  ],
  [
    'no exam at all',
    '{ kneeExams(where: { kl: { eq: 4 } }) { nodes { id } pageInfo { startCursor endCursor hasNextPage } } }',
    {},
  ],
  [
    'two lists beside other fields',
    '{ a: kneeExams { nodes { id } } viewer { name } b: kneeExams(first: 1) { nodes { id side } } }',
    {},
  ],
];

test.each(WRITTEN)('%s, written by the database, is what graphql-js answers', async (_name, query, variables) => {
  const plain = await ask(query, variables);
  const wanted = await ask(withDirective(query), variables);

  expect(plain.sql).toContain('AS item');
  expect(wanted.sql).not.toContain('AS item');
  // Members in their order; a number may be written in two ways.
  expect(JSON.stringify(JSON.parse(plain.text))).toBe(JSON.stringify(JSON.parse(wanted.text)));
});

test.each([
  ['signed addresses', '{ kneeExams { nodes { id radiograph { image { url } } } } }'],
  ['grades with their missing codes', '{ kneeExams { nodes { grades { feature missing } } } }'],
  ['edges', '{ kneeExams { nodes { id } edges { cursor } } }'],
  ['one list under two names', '{ kneeExams { nodes { id } again: nodes { kl } } }'],
  ['generated series', '{ kneeExams { nodes { mriSeries(synthetic: true) { id } } } }'],
  ['a time of day', '{ kneeExams { nodes { mriSeries { createdAt } } } }'],
  ['rows two steps away', '{ kneeExams { nodes { visit { participant { oaiId } } } } }'],
])('%s are read as rows, as before', async (_name, query) => {
  const { sql, text } = await ask(query, {});

  expect(sql).not.toContain('AS item');
  expect(JSON.parse(text)).not.toHaveProperty('errors');
});

test('a record that holds what looks like JSON stays text', async () => {
  const { text } = await ask('{ kneeExams { nodes { radiographs { view } } } }', {});
  const { data } = JSON.parse(text) as { data: { kneeExams: { nodes: { radiographs: object[] }[] } } };

  expect(data.kneeExams.nodes[0]!.radiographs).toContainEqual({ view: 'Bilateral \\ "PA"\n\u2028é' });
});

test('a role that may not read records is refused in the same words', async () => {
  const { errors } = await api.ask('{ kneeExams { nodes { id } } }', {}, api.tokens.SUMMARY);

  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
});

/** The same operation, but answered by graphql-js. */
function withDirective(query: string): string {
  return query.replace(/\{ id|\{ two: kl|\{ \.\.\.A|__typename id side/g, (start) => `${start} @include(if: true)`);
}

async function ask(query: string, variables: object): Promise<{ text: string; sql: string }> {
  log.clear();
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return { text: (await response.text()).trim(), sql: log.statements.join('\n') };
}
