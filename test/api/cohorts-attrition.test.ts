import { apart } from '../../src/resolvers/cohort-counts.js';
import { createCohort, examsWhere, makeStudy, only } from '../helpers/cohorts.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  await makeStudy(api.dataSource, 24);
});

afterAll(() => api.close());

interface Counts {
  exams: number | null;
  participants: number | null;
}

interface Attrition {
  start: Counts;
  steps: { criterion: string; filter: object | null; removed: Counts; remaining: Counts }[];
}

async function attritionOf(id: string, token?: string): Promise<{ counts: Counts; attrition: Attrition | null }> {
  const answer = await api.ask<{ cohort: { counts: Counts; attrition: Attrition | null } }>(
    `query ($id: ID!) { cohort(id: $id) { counts { exams participants } attrition {
      start { exams participants }
      steps { criterion filter removed { exams participants } remaining { exams participants } } } } }`,
    { id },
    token,
  );
  return only(answer).cohort;
}

/** Counts by the lists of the API, which know nothing of attrition. */
async function countsWhere(where: object): Promise<Counts> {
  const answer = await api.ask<{ kneeExams: { totalCount: number }; participants: { totalCount: number } }>(
    `query ($where: KneeExamFilter!) {
      kneeExams(where: $where) { totalCount } participants(where: { exams: { some: $where } }) { totalCount } }`,
    { where },
  );
  const { kneeExams, participants } = only(answer);
  return { exams: kneeExams.totalCount, participants: participants.totalCount };
}

const CRITERIA = [
  { participant: { sex: { eq: 'FEMALE' } } },
  { visit: { eq: 'V00' } },
  { or: [{ kl: { eq: 4 } }, { kl: { lte: 1 } }] },
  { age: { gte: 54, lt: 70 } },
  { side: { eq: 'LEFT' } },
];

describe.each(['STATIC', 'DYNAMIC'])('of a %s cohort', (kind) => {
  test('each step is what the list would count with the criteria up to there', async () => {
    const { id } = await createCohort(api, { kind, filter: { and: CRITERIA } });
    const { counts, attrition } = await attritionOf(id);
    const expected: Counts[] = [];
    for (let kept = 0; kept <= CRITERIA.length; kept++)
      expected.push(await countsWhere({ and: CRITERIA.slice(0, kept) }));

    expect(attrition!.start).toEqual(expected[0]);
    expect(attrition!.steps.map(({ remaining }) => remaining)).toEqual(expected.slice(1));
    expect(attrition!.steps.map(({ removed }) => removed)).toEqual(
      expected.slice(1).map(({ exams, participants }, step) => ({
        exams: expected[step]!.exams! - exams!,
        participants: expected[step]!.participants! - participants!,
      })),
    );
    expect(attrition!.steps.at(-1)!.remaining).toEqual(counts);
    expect(attrition!.steps.map(({ filter }) => filter)).toEqual(CRITERIA);
    expect(attrition!.steps.map(({ criterion }) => criterion)).toEqual([
      'participant sex = FEMALE',
      'visit = V00',
      '((kl = 4) or (kl ≤ 1))',
      'age ≥ 54 and age < 70',
      'side = LEFT',
    ]);
  });
});

test('the order of "and" is the order of the diagram', async () => {
  const { id } = await createCohort(api, { filter: { and: [...CRITERIA].reverse() } });
  const { attrition } = await attritionOf(id);

  expect(attrition!.steps.map(({ filter }) => filter)).toEqual([...CRITERIA].reverse());
});

test('fields of one object are criteria of their own, groups and participants taken apart', async () => {
  const filter = {
    visit: { eq: 'V00' },
    participant: { sex: { eq: 'MALE' }, race: { isNull: false } },
    grades: { XROSFM: { isNull: true }, XRJSM: { isNull: true } },
    hasMri: false,
  };
  const { id } = await createCohort(api, { filter });
  const { attrition, counts } = await attritionOf(id);

  expect(attrition!.steps.map(({ criterion }) => criterion).sort()).toEqual([
    'grades XRJSM missing',
    'grades XROSFM missing',
    'not hasMri',
    'participant race not missing',
    'participant sex = MALE',
    'visit = V00',
  ]);
  expect(attrition!.steps.at(-1)!.remaining).toEqual(counts);
});

test('a combination names its cohorts, and ids of people are counted, not shown', async () => {
  const one = await createCohort(api, { name: 'Early', filter: { kl: { lte: 2 } } });
  const two = await createCohort(api, { name: 'Left', filter: { side: { eq: 'LEFT' } } });
  const difference = await createCohort(api, { combine: { operation: 'DIFFERENCE', cohorts: [one.id, two.id] } });
  const named = await createCohort(api, { filter: { participant: { oaiId: { in: ['1500001', '1500002'] } } } });

  expect((await attritionOf(difference.id)).attrition!.steps.map(({ criterion }) => criterion)).toEqual([
    'in cohort "Early"',
    'not (in cohort "Left")',
  ]);
  expect((await attritionOf(named.id)).attrition!.steps[0]!.criterion).toBe('participant oaiId one of 2 given values');
});

test('there is none where the exams were named', async () => {
  const { id } = await createCohort(api, { examIds: (await examsWhere(api, {})).slice(0, 3) });

  expect((await attritionOf(id)).attrition).toBeNull();
});

describe('a token of role SUMMARY', () => {
  test('gets counts to the nearest five and no filter', async () => {
    const { id } = await createCohort(api, { visibility: 'READERS', filter: { and: CRITERIA } });
    const exact = await attritionOf(id);
    const { counts, attrition } = await attritionOf(id, api.tokens.SUMMARY);
    const told = [
      attrition!.start,
      ...attrition!.steps.flatMap(({ removed, remaining }) => [removed, remaining]),
      counts,
    ];

    expect(attrition!.start.exams).toBe(95);
    expect(exact.attrition!.start.exams).toBe(96);
    for (const { exams, participants } of told) {
      for (const count of [exams, participants]) expect(count === null || (count >= 5 && count % 5 === 0)).toBe(true);
    }
    expect(attrition!.steps.map(({ filter }) => filter)).toEqual([null, null, null, null, null]);
  });

  test('is told no exams of fewer than five people, neither of a step nor between two of them', async () => {
    // 24 people with four exams each; then 22, then 3.
    const filter = { and: [{ age: { gte: 52 } }, { age: { lt: 55 } }] };
    const { id } = await createCohort(api, { visibility: 'READERS', filter });
    const exact = await attritionOf(id);
    expect(exact.attrition!.steps.map(({ remaining }) => remaining)).toEqual([
      { exams: 88, participants: 22 },
      { exams: 12, participants: 3 },
    ]);

    const { counts, attrition } = await attritionOf(id, api.tokens.SUMMARY);

    const hidden = { exams: null, participants: null };
    expect(counts).toEqual(hidden);
    expect(attrition).toMatchObject({
      start: { exams: 95, participants: 25 },
      steps: [
        { removed: hidden, remaining: hidden },
        { removed: hidden, remaining: hidden },
      ],
    });
  });

  test('cannot get a small number by subtracting one step from another', () => {
    // 100 knees, of which a criterion removes 3: neither 3 nor both ends of the difference.
    expect(apart([100, 97, 60])).toEqual([100, null, 60]);
    expect(apart([100, 63, 60])).toEqual([100, null, 60]);
    expect(apart([100, 80, 78, 76, 40, 3])).toEqual([100, null, null, 75, 40, null]);
    expect(apart([4, 2])).toEqual([null, null]);
    for (let trial = 0; trial < 500; trial++) {
      const falls = Array.from({ length: 6 }, (_, step) => (trial * 7919 + step * 104729) % 13);
      const counts = falls.reduce((list, fall) => [...list, Math.max(0, list.at(-1)! - fall)], [60 + (trial % 5)]);
      const exact = apart(counts).flatMap((count, step) => (count === null ? [] : [counts[step]!]));
      for (const [index, count] of exact.entries()) {
        expect(count - (exact[index + 1] ?? 0)).toBeGreaterThanOrEqual(5);
      }
    }
  });
});
