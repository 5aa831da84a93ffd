import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  const { dataSource } = api;
  await dataSource.query(`INSERT INTO participant (oai_id) SELECT (9000000 + g)::text FROM generate_series(1, 300) g`);
  await dataSource.query(`INSERT INTO visit (participant_id, code, month) SELECT id, 'V00', 0 FROM participant`);
  await dataSource.query(
    `INSERT INTO knee_exam (visit_id, participant_id, side) SELECT id, participant_id, 'RIGHT' FROM visit`,
  );
  await dataSource.query(
    `INSERT INTO variable (name, owner, kind, readings) VALUES ('WORDS', 'participant', 'TEXT', '{""}')`,
  );
  await dataSource.query(
    `INSERT INTO variable_level (variable_id, code, text, number, label, missing)
     SELECT 1, g, CASE g WHEN 7 THEN '.P' ELSE 'say "' || g || E'" \\\\ \\u2028 \\u00e9' END, NULL, CASE WHEN g % 2 = 0 THEN 'even' END,
       CASE g WHEN 7 THEN '.P' END FROM generate_series(1, 290) g`,
  );
  await dataSource.query(
    `INSERT INTO variable_block SELECT 1, '', b, ARRAY(SELECT CASE WHEN b * 256 + p <= 290 THEN b * 256 + p ELSE 0 END FROM generate_series(0, 255) p), '{1}'
     FROM generate_series(0, (SELECT max(id) / 256 FROM participant)) b`,
  );
});

afterAll(() => api.close());

/** The text of an answer. */
async function text(query: string): Promise<string> {
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.tokens.READER}` },
    body: JSON.stringify({ query }),
  });
  return response.text();
}

/** The same asked so that graphql-js completes every value: of a directive the answer depends. */
const asUsual = (query: string): string => query.replace(/\bexams\b/, 'exams @include(if: true)');

test.each([
  '{ kneeExamFacets(variables: ["WORDS"]) { exams values { value missing } } }',
  '{ kneeExamFacets(variables: ["WORDS"], by: [SIDE, KL], totals: true) { v: values { facet variable w: value meaning missing total suppressed __typename } exams participants } }',
  '{ __typename kneeExamFacets(variables: ["WORDS"]) { ...b exams } } fragment b on FacetBucket { values { value } values { missing } }',
])('a long list is written as graphql-js writes it: %s', async (query) => {
  const usual = await text(asUsual(query));

  expect(usual).toContain('say \\"290\\" \\\\ \u2028 é');
  expect(JSON.parse(await text(query))).toEqual(JSON.parse(usual));
});
