import { AuditEntry, Cohort } from '../../src/entities/index.js';
import { createCohort, makeStudy, only, readCohort } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

/** 600 people, 2,400 exams. */
const PEOPLE = 600;

beforeAll(async () => {
  api = await startTestServer();
  await makeStudy(api.dataSource, PEOPLE);
});

afterAll(() => api.close());

const CREATE = `mutation ($input: CreateCohortInput!) {
  createCohort(input: $input) { cohort { id } unknownExams { row oaiId visit side reason } }
}`;

interface Created {
  createCohort: { cohort: { id: string }; unknownExams: object[] };
}

const named = (number: number, visit = 'V00', side?: string) => ({
  oaiId: String(1_500_000 + number),
  visit,
  ...(side && { side }),
});

async function countOf(where: object): Promise<number> {
  const query = 'query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }';
  return only(await api.ask<{ kneeExams: { totalCount: number } }>(query, { where })).kneeExams.totalCount;
}

const cohorts = () => api.dataSource.getRepository(Cohort).count();

test('thousands of rows make a cohort of the exams that they name, each once, frozen', async () => {
  const rows = Array.from({ length: PEOPLE }, (_, number) => [
    named(number, 'V00', 'RIGHT'),
    named(number, 'V00', 'LEFT'),
    named(number, 'V06', 'LEFT'),
    named(number, 'V00', 'RIGHT'),
  ]).flat();
  const cohort = await createCohort(api, { exams: rows });

  expect(cohort).toMatchObject({ kind: 'STATIC', filter: null, counts: { exams: 1_800, participants: PEOPLE } });
  const member = { inCohort: { eq: cohort.id } };
  const asked = { or: [{ visit: { eq: 'V00' } }, { side: { eq: 'LEFT' } }] };
  expect(await countOf({ and: [member, asked] })).toBe(1_800);
  expect(await countOf({ and: [member, { not: asked }] })).toBe(0);
});

test('a row without a side names both knees', async () => {
  const { counts } = await createCohort(api, { exams: [named(0), named(1, 'V06', 'LEFT')] });

  expect(counts).toEqual({ exams: 3, participants: 2 });
});

const UNKNOWN = [
  named(0),
  { oaiId: '9999999', visit: 'V00' },
  named(1, 'V03'),
  { oaiId: 'x', visit: 'V00', side: 'LEFT' },
];

test('rows that name no exam are counted and named, and nothing is made', async () => {
  const before = await cohorts();
  const { errors } = await api.ask(CREATE, { input: { name: 'Half', exams: UNKNOWN } });

  expect(errors![0]).toMatchObject({
    message:
      '3 of 4 rows name no knee exam, and nothing was made. row 2: There is no participant 9999999. ' +
      'row 3: Participant 1500001 has no visit V03. row 4: "x" is no participant\'s id, which has seven digits.',
    extensions: { code: 'NOT_FOUND', rows: 4, unknown: 3 },
  });
  expect(await cohorts()).toBe(before);
});

test('an id with a NUL in it is no id', async () => {
  const { errors } = await api.ask(CREATE, {
    input: { name: 'NUL', exams: [{ oaiId: '15000\u0000', visit: 'V00' }] },
  });

  expect(errors![0]).toMatchObject({
    message:
      '1 of 1 rows names no knee exam, and nothing was made. row 1: "15000\\u0000" is no participant\'s id, which has seven digits.',
    extensions: { code: 'NOT_FOUND' },
  });
});

test('of many rows that name no exam a refusal names ten', async () => {
  const rows = Array.from({ length: 14 }, () => ({ oaiId: '9999999', visit: 'V00' }));
  const { errors } = await api.ask<Created>(CREATE, { input: { name: 'None', exams: [named(0), ...rows] } });

  expect(errors![0]!.message).toMatch(
    /^14 of 15 rows name no knee exam, .* row 11: There is no participant 9999999\. 4 more\.$/,
  );
});

test('rows that name no exam are left out where that is asked for, and told', async () => {
  const input = { name: 'Left out', exams: UNKNOWN, unknownExams: 'LEAVE_OUT' };
  const { cohort, unknownExams } = only(await api.ask<Created>(CREATE, { input })).createCohort;
  const audited = (await api.dataSource.getRepository(AuditEntry).findBy({ action: 'createCohort' })).at(-1)!;
  const { data } = await api.ask<{ cohort: { versions: { nodes: { origin: object }[] } } }>(
    'query ($id: ID!) { cohort(id: $id) { versions { nodes { origin { kind rows unknownRows } } } } }',
    { id: cohort.id },
  );

  expect((await readCohort(api, cohort.id))!.counts).toEqual({ exams: 2, participants: 1 });
  expect(unknownExams).toEqual([
    { row: 2, oaiId: '9999999', visit: 'V00', side: null, reason: 'There is no participant 9999999.' },
    { row: 3, oaiId: '1500001', visit: 'V03', side: null, reason: 'Participant 1500001 has no visit V03.' },
    { row: 4, oaiId: 'x', visit: 'V00', side: 'LEFT', reason: '"x" is no participant\'s id, which has seven digits.' },
  ]);
  expect(audited.detail).toMatchObject({ origin: { kind: 'EXAMS', rows: { given: 4, unknown: 3 } } });
  expect(data!.cohort.versions.nodes[0]!.origin).toEqual({ kind: 'EXAMS', rows: 4, unknownRows: 3 });
});

test.each([
  ['none of which names an exam', { exams: UNKNOWN.slice(1), unknownExams: 'LEAVE_OUT' }, 'NOT_FOUND', /^3 of 3 rows/],
  ['that are none', { exams: [] }, 'BAD_USER_INPUT', /^exams is empty; give at least one row\.$/],
  [
    'for a cohort that follows a filter',
    { exams: [named(0)], kind: 'DYNAMIC' },
    'BAD_USER_INPUT',
    /not from a list of exams/,
  ],
  [
    'beside a filter',
    { exams: [named(0)], filter: {} },
    'BAD_USER_INPUT',
    /^Give one of filter and exams, not several\.$/,
  ],
])('rows %s are refused, and nothing is made', async (_, input, code, message) => {
  const before = await cohorts();
  const { errors } = await api.ask(CREATE, { input: { name: 'Refused', ...input } });

  expect(errors![0]).toMatchObject({ message: expect.stringMatching(message) as string, extensions: { code } });
  expect(await cohorts()).toBe(before);
});

test('an exam that the table of exams lacks for one knee is named with it', async () => {
  await api.dataSource.query(`DELETE FROM knee_exam WHERE side = 'LEFT' AND participant_id =
    (SELECT id FROM participant WHERE oai_id = '1500599')`);
  const { errors } = await api.ask(CREATE, { input: { name: 'One knee', exams: [named(599, 'V00', 'LEFT')] } });

  expect(errors![0]!.message).toBe(
    '1 of 1 rows names no knee exam, and nothing was made. row 1: Participant 1500599 has no exam of the left knee at V00.',
  );
});

const UPDATE = `mutation ($input: UpdateCohortInput!) {
  updateCohort(input: $input) { cohort { version counts { exams } } unknownExams { row oaiId reason } }
}`;

test('rows of a table take the place of the exams of a cohort, or are taken in and left out', async () => {
  const { id } = await createCohort(api, { exams: [named(0), named(1)] });
  const replaced = await api.ask(UPDATE, { input: { id, version: 1, exams: [named(2), named(3)] } });
  const edited = await api.ask(UPDATE, {
    input: { id, version: 2, add: { exams: [named(4, 'V06', 'LEFT')] }, remove: { exams: [named(2, 'V00', 'LEFT')] } },
  });

  expect(replaced.data!['updateCohort']).toEqual({ cohort: { version: 2, counts: { exams: 4 } }, unknownExams: [] });
  expect(edited.data!['updateCohort']).toEqual({ cohort: { version: 3, counts: { exams: 4 } }, unknownExams: [] });
  const asked = {
    or: [
      { participant: { oaiId: { eq: '1500002' } }, visit: { eq: 'V00' }, side: { eq: 'RIGHT' } },
      { participant: { oaiId: { eq: '1500003' } }, visit: { eq: 'V00' } },
      { participant: { oaiId: { eq: '1500004' } }, visit: { eq: 'V06' }, side: { eq: 'LEFT' } },
    ],
  };
  expect(await countOf({ and: [{ inCohort: { eq: id } }, asked] })).toBe(4);
});

test('an edit whose rows name no exam changes nothing, or leaves them out where that is asked for', async () => {
  const { id } = await createCohort(api, { exams: [named(0)] });
  const input = { id, version: 1, add: { exams: [named(1), named(9_000)] } };
  const refused = await api.ask(UPDATE, { input });
  const done = await api.ask(UPDATE, { input: { ...input, unknownExams: 'LEAVE_OUT' } });

  expect(refused.errors![0]!.extensions.code).toBe('NOT_FOUND');
  expect(done.data!['updateCohort']).toEqual({
    cohort: { version: 2, counts: { exams: 4 } },
    unknownExams: [{ row: 2, oaiId: '1509000', reason: 'There is no participant 1509000.' }],
  });
});
