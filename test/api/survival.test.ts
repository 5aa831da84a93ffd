import type { KneeExam, Participant } from '../../src/entities/index.js';
import type { VisitCode } from '../../src/domain/visits.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

type Knees = Partial<Record<'RIGHT' | 'LEFT', KneeExam['grades'] | { XRKL?: number; XRJSM?: number; XRJSL?: number }>>;

/** A visit with both knees as they were read; without a date it is at its nominal day. */
async function come(participant: Participant, code: VisitCode, date: string | null, knees: Knees): Promise<void> {
  const visit = await api.make.visit(participant, { code, date });
  for (const [side, grades] of Object.entries(knees)) {
    await api.make.exam(visit, { side: side as 'RIGHT' | 'LEFT', grades: grades as object });
  }
}

beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  // Day 366 is the right knee's event; the left one is followed to the nominal day of V03.
  const ann = await make.participant({ sex: 'FEMALE', lastContact: 'V03' });
  await come(ann, 'V00', '2004-01-01', { RIGHT: { XRKL: 0 }, LEFT: { XRKL: 1, XRJSM: 0 } });
  await come(ann, 'V01', '2005-01-01', { RIGHT: { XRKL: 2 }, LEFT: { XRKL: 1, XRJSM: 1 } });
  await come(ann, 'V03', null, { LEFT: { XRKL: 0 } });
  // Dies after V06, which is all that is known of the day.
  const ben = await make.participant({
    sex: 'MALE',
    lastContact: 'V06',
    deathConfirmation: 'PENDING',
    deathAfter: 'V06',
  });
  await come(ben, 'V00', null, { RIGHT: { XRKL: 0 }, LEFT: { XRKL: 3 } });
  await come(ben, 'V01', null, { RIGHT: { XRKL: 0 }, LEFT: { XRKL: 4 } });
  // The right knee is replaced at day 500; the left one was not read at baseline.
  const cas = await make.participant({ sex: 'MALE', lastContact: 'V03' });
  await come(cas, 'V00', '2004-03-01', { RIGHT: { XRKL: 1 }, LEFT: {} });
  await come(cas, 'V01', '2005-03-01', { RIGHT: { XRKL: 1 }, LEFT: { XRKL: 2 } });
  await make.jointOutcome(cas, { days: 500 });
  // Comes once; the left knee is a prosthesis.
  const dot = await make.participant({ sex: 'FEMALE', lastContact: 'V00' });
  await come(dot, 'V00', '2004-05-01', { RIGHT: { XRKL: 0 }, LEFT: {} });
  await make.jointOutcome(dot, { side: 'LEFT', replacedBefore: true, confirmation: null });
  // What adjudication did not confirm is no replacement.
  const eve = await make.participant({ sex: 'FEMALE', lastContact: 'V06' });
  await come(eve, 'V00', null, { RIGHT: { XRKL: 0 }, LEFT: { XRKL: 0 } });
  await come(eve, 'V06', null, { RIGHT: { XRKL: 0 }, LEFT: { XRKL: 2 } });
  await make.jointOutcome(eve, { side: 'LEFT', days: 300, confirmation: 'NOT_CONFIRMED' });
});

afterAll(() => api.close());

const POINTS = '{ day atRisk events estimate lower upper }';
const QUERY = `query (
  $where: KneeExamFilter, $origin: VisitCode! = V00, $event: SurvivalEvent! = KL_GE_2, $competing: [CompetingEvent!]! = [],
  $by: [KneeExamFacet!], $at: [Int!]
) {
  survival(where: $where, origin: $origin, event: $event, competing: $competing, by: $by, at: $at) {
    examined leftOut { reason knees }
    groups {
      values { value } knees participants events censored competing { event knees }
      kaplanMeier ${POINTS} cumulativeIncidence { event points ${POINTS} }
    }
    logRank { clustered { chiSquare degreesOfFreedom pValue } independent { chiSquare } } gray { clustered { pValue } }
  }
}`;

interface Point {
  day: number;
  atRisk: number;
  events: number;
  estimate: number;
  lower: number | null;
}
interface Told {
  examined: number;
  leftOut: { reason: string; knees: number }[];
  groups: {
    values: { value: string | null }[];
    knees: number;
    events: number;
    censored: number;
    kaplanMeier: Point[];
    cumulativeIncidence: { event: string; points: Point[] }[];
  }[];
  logRank: unknown;
  gray: unknown;
}

async function told(variables: object = {}): Promise<Told> {
  const { data, errors } = await api.ask<{ survival: Told }>(QUERY, variables);
  expect(errors).toBeUndefined();
  return data!.survival;
}

const shares = (points: readonly Point[]) =>
  points.map(({ day, atRisk, events, estimate }) => [day, atRisk, events, Number(estimate.toFixed(6))]);
const leftOut = ({ leftOut: reasons }: Told) => Object.fromEntries(reasons.map(({ reason, knees }) => [reason, knees]));

test('knees of KL 0 or 1 are followed to KL 2, a prosthesis or the death of the person', async () => {
  const answer = await told({ competing: ['KNEE_REPLACEMENT', 'DEATH'] });

  expect(answer.examined).toBe(10);
  expect(leftOut(answer)).toEqual({ HAD_EVENT: 1, NOT_AT_RISK: 1, NOT_ASSESSED: 1, NOT_FOLLOWED: 1 });
  const [group] = answer.groups;
  expect(group).toMatchObject({
    ...{ values: [], knees: 6, participants: 4, events: 2, censored: 2 },
    competing: [
      { event: 'KNEE_REPLACEMENT', knees: 1 },
      { event: 'DEATH', knees: 1 },
    ],
  });
  // Six at day 366; five at 500, where one is replaced; one is censored at 731, and three are left at 1461.
  expect(shares(group!.kaplanMeier)).toEqual([
    [366, 6, 1, 0.833333],
    [1461, 3, 1, 0.555556],
  ]);
  expect(group!.cumulativeIncidence.map(({ event, points }) => [event, ...shares(points)])).toEqual([
    ['KL_GE_2', [366, 6, 1, 0.166667], [1461, 3, 1, 0.388889]],
    ['KNEE_REPLACEMENT', [500, 5, 1, 0.166667]],
    ['DEATH', [1461, 3, 1, 0.222222]],
  ]);
});

test('without competing events a knee that is lost to them is followed to its last film', async () => {
  const { groups } = await told();

  expect(groups[0]).toMatchObject({ knees: 6, events: 2, censored: 4, cumulativeIncidence: [] });
  expect(shares(groups[0]!.kaplanMeier)).toEqual([
    [366, 4, 1, 0.75],
    [1461, 2, 1, 0.375],
  ]);
});

test('a curve is told at the days that were asked for', async () => {
  const { groups } = await told({ at: [0, 365, 1000, 2000] });

  expect(shares(groups[0]!.kaplanMeier)).toEqual([
    [0, 6, 0, 1],
    [365, 6, 0, 1],
    [1000, 2, 1, 0.75],
    [2000, 0, 1, 0.375],
  ]);
  expect(groups[0]!.kaplanMeier[0]!.lower).toBeNull();
});

test('groups are followed apart and compared', async () => {
  const { groups, logRank, gray } = await told({ by: ['SEX'], competing: ['DEATH'] });

  expect(groups.map(({ values, knees, events }) => [values[0]!.value, knees, events])).toEqual([
    ['MALE', 2, 0],
    ['FEMALE', 4, 2],
  ]);
  // survdiff(Surv(c(1461, 365, 366, 731, 1461, 1461), c(0, 0, 1, 0, 0, 1)) ~ c(1, 1, 2, 2, 2, 2)): 0.939; worked by hand: expected
  // 1/5 + 1/3 of the men's, variance 4/25 + 2/9.
  expect(logRank).toMatchObject({
    independent: { chiSquare: expect.closeTo((1 / 5 + 1 / 3) ** 2 / (4 / 25 + 2 / 9), 10) as number },
    clustered: { degreesOfFreedom: 1 },
  });
  expect(gray).toMatchObject({ clustered: { pValue: expect.any(Number) as number } });
  expect(await told({ by: ['SEX'], where: { participant: { sex: { eq: 'MALE' } } } })).toMatchObject({
    logRank: null,
    gray: null,
  });
});

test('a replacement is timed by its own day, and other knees by the last contact', async () => {
  const answer = await told({ event: 'KNEE_REPLACEMENT', competing: ['DEATH'] });

  expect(leftOut(answer)).toEqual({ HAD_EVENT: 1, NOT_AT_RISK: 0, NOT_ASSESSED: 0, NOT_FOLLOWED: 1 });
  expect(answer.groups[0]).toMatchObject({
    knees: 8,
    events: 1,
    censored: 5,
    competing: [{ event: 'DEATH', knees: 2 }],
  });
  expect(shares(answer.groups[0]!.cumulativeIncidence[0]!.points)).toEqual([[500, 8, 1, 0.125]]);
});

test.each([
  ['KL_PROGRESSION', { HAD_EVENT: 0, NOT_AT_RISK: 8, NOT_ASSESSED: 1, NOT_FOLLOWED: 0 }, [[365, 1, 1, 0]]],
  ['JSN_PROGRESSION', { HAD_EVENT: 0, NOT_AT_RISK: 1, NOT_ASSESSED: 8, NOT_FOLLOWED: 0 }, [[366, 1, 1, 0]]],
  ['DEATH', { HAD_EVENT: 0, NOT_AT_RISK: 0, NOT_ASSESSED: 0, NOT_FOLLOWED: 2 }, [[1461, 4, 2, 0.5]]],
])('%s has knees at risk of its own', async (event, reasons, points) => {
  const answer = await told({ event });

  expect(leftOut(answer)).toEqual(reasons);
  expect(shares(answer.groups[0]!.kaplanMeier)).toEqual(points);
});

test('time counts from any visit', async () => {
  const { groups, examined } = await told({ origin: 'V01' });

  expect(examined).toBe(6);
  expect(groups).toMatchObject([{ knees: 1, events: 0, censored: 1, kaplanMeier: [] }]);
});

test('who fits nothing is followed nowhere', async () => {
  expect(await told({ where: { age: { gt: 100 } } })).toMatchObject({ examined: 0, groups: [], logRank: null });
});

test.each([
  [{ event: 'DEATH', competing: ['DEATH'] }, 'competing names DEATH, which is the event itself.'],
  [{ competing: ['DEATH', 'DEATH'] }, 'competing names DEATH twice.'],
  [{ by: ['SEX', 'SEX'] }, 'by names SEX twice.'],
  [{ at: [] }, 'at takes 1 to 200 days, got 0.'],
  [{ at: [10, 10] }, 'at takes days from 0 on, each later than the one before, got 10.'],
  [{ at: [-1] }, 'at takes days from 0 on, each later than the one before, got -1.'],
  [
    { where: { visit: { eq: 'V06' } } },
    'where selects exams of the visit origin, which is V00, and where.visit leaves that visit out: nothing can match.',
  ],
])('%j is refused', async (variables, message) => {
  const { errors } = await api.ask(QUERY, variables);

  expect(errors![0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
});

test('a token of role SUMMARY is told no times', async () => {
  const { errors } = await api.ask('{ survival(event: DEATH) { examined } }', {}, api.tokens.SUMMARY);

  expect(errors![0]!.extensions!['code']).toBe('FORBIDDEN');
});
