import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { planSplit } from '../../src/services/cohorts/index.js';
import { splitColumn } from '../../src/services/exports/split-column.js';
import { createCohort, makeStudy, only, readCohort, updateCohort } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let cohort: string;

/** 90 people, both knees at two visits, of the sites A (45), B (30) and C (15). */
const PEOPLE = 90;

beforeAll(async () => {
  api = await startTestServer();
  await makeStudy(api.dataSource, PEOPLE);
  await api.dataSource.query(
    `UPDATE participant SET site = CASE WHEN oai_id::integer % 6 < 3 THEN 'A' WHEN oai_id::integer % 6 < 5 THEN 'B' ELSE 'C' END`,
  );
  await api.dataSource.query(
    `UPDATE knee_exam SET xrkl = 4 WHERE visit_code = 'V06' AND (SELECT oai_id::integer % 7 FROM participant p WHERE p.id = participant_id) = 0`,
  );
  ({ id: cohort } = await createCohort(api, { name: 'Knees', filter: {} }));
});

afterAll(() => api.close());

const siteOf = (oaiId: string) => (Number(oaiId) % 6 < 3 ? 'A' : Number(oaiId) % 6 < 5 ? 'B' : 'C');

interface Part {
  name: string;
  fraction: number;
  exams: number;
  participants: number;
  cohort: { id: string };
}

async function partsOf(how: object): Promise<Part[]> {
  const answer = await api.ask<{ splitCohort: { parts: Part[] } }>(
    `mutation ($input: SplitCohortInput!) {
      splitCohort(input: $input) { parts { name fraction exams participants cohort { id } } }
    }`,
    { input: { id: cohort, ...how } },
  );
  return only(answer).splitCohort.parts;
}

type Row = Record<'oai_id' | 'visit' | 'side' | 'split', string>;

async function exported(request: object): Promise<{ status: number; text: string; rows: () => Row[] }> {
  const response = await fetch(`${api.url}/exports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.ADMIN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ columns: ['xrkl'], ...request }),
  });
  const text = await response.text();
  return { status: response.status, text, rows: () => parse(text, { columns: true }) };
}

/** The part of each participant, as the column of an export says it; the same in all of their rows. */
async function columnOf(split: object, request: object = {}): Promise<Map<string, string>> {
  const rows = (await exported({ split, ...request })).rows();
  const found = new Map(rows.map(({ oai_id, split: part }) => [oai_id, part]));
  expect(rows.filter(({ oai_id, split: part }) => found.get(oai_id) !== part)).toEqual([]);
  return found;
}

const everybody = Array.from({ length: PEOPLE }, (_, number) => String(1_500_000 + number));

test('folds at random are dealt out in the order of a hash of seed and id', async () => {
  const order = everybody.toSorted((one, other) => (hash(one) < hash(other) ? -1 : 1));
  const expected = order.map((oaiId, place): [string, string] => [oaiId, `fold ${(place % 5) + 1}`]);

  const told = await columnOf({ folds: 5, method: 'RANDOM', seed: 11 });

  expect(told).toEqual(new Map(expected));

  function hash(oaiId: string): string {
    return createHash('md5').update(`11:${oaiId}`).digest('hex');
  }
});

test.each([
  ['five folds, alike in KL', { folds: 5, seed: 3 }],
  ['five folds, alike in sites', { folds: 5, method: 'SITE', seed: 3 }],
  ['folds at random', { folds: 2, method: 'RANDOM' }],
  ['train, val and test', { method: 'SITE', seed: 1 }],
  [
    'parts of one’s own',
    {
      parts: [
        { name: 'most', fraction: 0.9 },
        { name: 'few', fraction: 0.1 },
      ],
    },
  ],
  ['a site each', { method: 'LEAVE_ONE_SITE_OUT' }],
])('an export tells the parts that the cohorts of the same split hold: %s', async (_, how) => {
  const parts = await partsOf(how);
  const told = await columnOf(how);

  expect(told.size).toBe(PEOPLE);
  for (const { name, cohort: part, participants, exams } of parts) {
    const members = (await exported({ cohortId: part.id })).rows();
    const people = new Set(members.map(({ oai_id }) => oai_id));
    expect([...people].every((oaiId) => told.get(oaiId) === name)).toBe(true);
    expect([people.size, members.length]).toEqual([participants, exams]);
    expect(exams).toBe(4 * participants);
  }
  expect(parts.reduce((sum, { participants }) => sum + participants, 0)).toBe(PEOPLE);
});

test('folds that are alike in sites have their share of each', async () => {
  const told = await columnOf({ folds: 5, method: 'SITE', seed: 8 });

  for (const [site, people] of [
    ['A', 45],
    ['B', 30],
    ['C', 15],
  ] as const) {
    const counts = Map.groupBy(
      [...told].filter(([oaiId]) => siteOf(oaiId) === site),
      ([, fold]) => fold,
    );
    expect([...counts.values()].map((fold) => fold.length)).toEqual(Array(5).fill(people / 5));
  }
});

test('leaving one site out has a part for each site, whatever the seed', async () => {
  const parts = await partsOf({ method: 'LEAVE_ONE_SITE_OUT', seed: 4 });

  expect(parts.map(({ name, participants, fraction }) => [name, participants, fraction])).toEqual([
    ['site A', 45, 0.5],
    ['site B', 30, 30 / 90],
    ['site C', 15, 15 / 90],
  ]);
  const told = await columnOf({ method: 'LEAVE_ONE_SITE_OUT' });
  expect([...told].every(([oaiId, part]) => part === `site ${siteOf(oaiId)}`)).toBe(true);
});

test('another seed gives other folds, and the version says how it was split', async () => {
  const how = { folds: 3, method: 'SITE', seed: 2 };
  const [part] = await partsOf(how);
  const { data } = await api.ask<{ cohort: { versions: { nodes: { origin: object }[] } } }>(
    'query ($id: ID!) { cohort(id: $id) { versions { nodes { origin { kind part seed method } } } } }',
    { id: part!.cohort.id },
  );

  expect(data!.cohort.versions.nodes[0]!.origin).toEqual({ kind: 'SPLIT', part: 'fold 1', seed: 2, method: 'SITE' });
  expect(await columnOf({ ...how, seed: 9 })).not.toEqual(await columnOf(how));
});

test('one row per knee has the part that a cohort of the same exams gives, whose later visits tell grades too', async () => {
  const how = { folds: 5, method: 'KL', seed: 3 };
  const parts = await partsOf(how);
  const told = await columnOf(how, { asOf: { visits: ['V06'] } });

  for (const { name, cohort: part } of parts) {
    const members = (await exported({ cohortId: part.id })).rows().map(({ oai_id }) => oai_id);
    expect(members.filter((oaiId) => told.get(oaiId) !== name)).toEqual([]);
  }
  expect(told.size).toBe(90);
});

test('an earlier version of a cohort is split where one is named', async () => {
  const { id } = await createCohort(api, { name: 'Two versions', filter: { participant: { site: { eq: 'A' } } } });
  await updateCohort(api, { id, version: 1, filter: { participant: { site: { eq: 'B' } } } });
  const people = async (how: object) =>
    (await partsOf({ id, folds: 3, ...how })).map(({ participants }) => participants);

  expect(await people({ version: 1 })).toEqual([15, 15, 15]);
  expect(await people({})).toEqual([10, 10, 10]);
  const { errors } = await api.ask(
    'mutation ($input: SplitCohortInput!) { splitCohort(input: $input) { parts { name } } }',
    { input: { id, folds: 3, version: 3 } },
  );
  expect(errors![0]!.extensions).toMatchObject({ code: 'NOT_FOUND' });
});

test('a part and the column say how they were made, in the same words', async () => {
  const [part] = await partsOf({ folds: 3, method: 'SITE', seed: 2 });
  const [site] = await partsOf({ method: 'LEAVE_ONE_SITE_OUT', seed: 2 });
  const words = async ({ cohort }: Part) => (await readCohort(api, cohort.id))!.description;

  expect(await words(part!)).toBe(
    'Part "fold 1" (0.3333 of the participants) of "Knees", version 1; alike in sites, by seed 2.',
  );
  expect(await words(site!)).toBe('Part "site A" (0.5 of the participants) of "Knees", version 1; a site each.');
  expect(splitColumn(planSplit({ folds: 3, method: 'SITE', seed: 2 })).description).toBe(
    'Part of the participants, alike in sites, by seed 2; both knees and all visits of a participant are in one part',
  );
});

test('more sites than parts may be are refused', async () => {
  await api.dataSource.query(`UPDATE participant SET site = 'X' || right(oai_id, 2) WHERE oai_id < '1500021'`);
  const { status, text } = await exported({
    split: { method: 'LEAVE_ONE_SITE_OUT' },
    where: { participant: { oaiId: { in: everybody.slice(0, 21) } } },
  });
  await api.dataSource.query(
    `UPDATE participant SET site = CASE WHEN oai_id::integer % 6 < 3 THEN 'A' WHEN oai_id::integer % 6 < 5 THEN 'B' ELSE 'C' END`,
  );

  expect([status, JSON.parse(text)]).toMatchObject([
    400,
    { errors: [{ message: 'The export has participants of 21 sites; at most 20 parts are made.' }] },
  ]);
});

test('one row per knee has the part beside later visits, of the people of the filter alone', async () => {
  const request = { asOf: { visits: ['V06'] }, where: { visit: { eq: 'V00' }, participant: { site: { eq: 'B' } } } };
  const { rows } = await exported({ split: { folds: 3 }, ...request });

  const found = Map.groupBy(rows(), ({ split }) => split);
  expect([...found.entries()].map(([name, knees]) => [name, knees.length]).sort()).toEqual([
    ['fold 1', 20],
    ['fold 2', 20],
    ['fold 3', 20],
  ]);
});

test.each([
  ['folds beside parts', { folds: 3, parts: [] }, 'Give parts or folds, not both.'],
  ['one fold', { folds: 1 }, 'folds must be a whole number from 2 to 20, got 1.'],
  [
    'folds of sites',
    { folds: 3, method: 'LEAVE_ONE_SITE_OUT' },
    'LEAVE_ONE_SITE_OUT has a part for each site; give neither parts nor folds.',
  ],
  ['a negative seed', { seed: -1 }, 'seed must be a whole number from 0 to 2147483647, got -1.'],
])('%s are refused by the mutation and by the export', async (_, how, message) => {
  const { errors } = await api.ask(
    'mutation ($input: SplitCohortInput!) { splitCohort(input: $input) { parts { name } } }',
    {
      input: { id: cohort, ...how },
    },
  );
  const { status, text } = await exported({ split: how });

  expect(errors![0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
  expect([status, JSON.parse(text)]).toMatchObject([400, { errors: [{ message }] }]);
});

test.each([
  [
    'more folds than people',
    { split: { folds: 20 }, where: { participant: { oaiId: { in: everybody.slice(0, 3) } } } },
    'which leaves nobody for the part "fold 4".',
  ],
  [
    'people of one site',
    { split: { method: 'LEAVE_ONE_SITE_OUT' }, where: { participant: { site: { eq: 'B' } } } },
    'The export has participants of site B alone; there is none to leave out.',
  ],
])('%s cannot be told into parts', async (_, request, message) => {
  const { data, errors } = await api.ask<{ exportCohort: object }>(
    'mutation ($input: ExportCohortInput!) { exportCohort(input: $input) { export { id } } }',
    { input: { format: 'CSV', ...request } },
  );

  expect(data).toBeNull();
  expect(errors![0]!.message).toContain(message);
});
