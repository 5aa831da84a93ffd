import type { KneeExam, Participant } from '../../src/entities/index.js';
import type { VisitCode } from '../../src/domain/visits.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

/** A visit with the right knee, and the left one where something is known of it. */
async function come(
  participant: Participant,
  code: VisitCode,
  right: Partial<KneeExam>,
  left?: Partial<KneeExam>,
  date: string | null = null,
): Promise<void> {
  const visit = await api.make.visit(participant, { code, date });
  await api.make.exam(visit, { side: 'RIGHT', ...right } as object);
  if (left) await api.make.exam(visit, { side: 'LEFT', ...left } as object);
}

const kl = (XRKL: number | null, womacPain: number | null = null): Partial<KneeExam> =>
  ({ womacPain, grades: { XRKL } }) as Partial<KneeExam>;

beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  // 1 point in exactly a year and two in four years and a day: dates decide, not the nominal months.
  const ann = await make.participant();
  await come(ann, 'V00', kl(1, 4), kl(2, 3), '2004-01-01');
  await come(ann, 'V01', kl(1, 5), undefined, '2005-01-01');
  await come(ann, 'V06', kl(2, 6), kl(3, 1), '2008-01-02');
  // Dies; was replaced; did not come; came and was not asked; was not asked at baseline.
  const ben = await make.participant({ deathConfirmation: 'CONFIRMED', deathAfter: 'V01', sex: 'MALE' });
  await come(ben, 'V00', kl(2, 1));
  const cas = await make.participant({ sex: 'MALE' });
  await come(cas, 'V00', kl(4, 10));
  await make.jointOutcome(cas, { days: 900 });
  const dot = await make.participant();
  await come(dot, 'V00', kl(0, 0));
  const eve = await make.participant();
  await come(eve, 'V00', kl(0, 2), kl(null, null));
  await come(eve, 'V06', kl(0, null), kl(0, 7));
});

afterAll(() => api.close());

async function told<T>(query: string, variables: object = {}): Promise<T> {
  const { data, errors } = await api.ask<Record<string, T>>(query, variables);
  expect(errors).toBeUndefined();
  return Object.values(data!)[0]!;
}

const TO_V06 = { from: 'V00', to: 'V06' };
const STATISTICS = `query ($of: KneeNumberInput!, $where: KneeExamFilter) {
  kneeExamStatistics(ofNumber: $of, where: $where) { exams count mean minimum maximum missing missingReasons { reason exams } }
}`;

test('a change is of every knee that was examined at the first visit, or has the reason why it is not known', async () => {
  expect(await told(STATISTICS, { of: { variable: 'WOMKP', change: TO_V06 } })).toEqual([
    {
      ...{ exams: 7, count: 2, mean: 0, minimum: -2, maximum: 2, missing: 5 },
      missingReasons: [
        { reason: 'MISSING_AT_FROM', exams: 1 },
        { reason: 'REPLACED', exams: 1 },
        { reason: 'DIED', exams: 1 },
        { reason: 'MISSED_VISIT', exams: 1 },
        { reason: 'NOT_READ', exams: 1 },
      ],
    },
  ]);
});

test('a slope is through all values of the period, by the dates of their visits', async () => {
  const [{ mean }] = (await told(STATISTICS, {
    of: { variable: 'WOMKP', slope: TO_V06 },
    where: { side: { eq: 'RIGHT' } },
  })) as [{ mean: number }];

  // Of days 0, 366, 1462 and pains 4, 5, 6: least squares by hand.
  const days = [0, 366, 1462];
  const middle = (0 + 366 + 1462) / 3;
  const products = days.reduce((sum, day, index) => sum + (day - middle) * (index - 1), 0);
  const squares = days.reduce((sum, day) => sum + (day - middle) ** 2, 0);
  expect(mean).toBeCloseTo((365.25 * products) / squares, 6);
});

test('lists are ordered by a change, what is not known last, and go on from a cursor', async () => {
  const query = `query ($after: String, $direction: OrderDirection!) {
    kneeExams(where: { visit: { eq: V00 }, womacPain: { isNull: false } }, first: 2, after: $after,
      orderBy: [{ number: { variable: "WOMKP", change: { from: V00, to: V06 } }, direction: $direction }, { field: WOMAC_PAIN }]) {
      nodes { womacPain } pageInfo { endCursor hasNextPage }
    }
  }`;
  interface Page {
    nodes: { womacPain: number }[];
    pageInfo: { endCursor: string; hasNextPage: boolean };
  }
  for (const [direction, expected] of [
    ['ASC', [3, 4, 0, 1, 2, 10]],
    ['DESC', [4, 3, 0, 1, 2, 10]],
  ] as const) {
    const seen: number[] = [];
    for (let after: string | null = null, more = true; more;) {
      const page: Page = await told<Page>(query, { after, direction });
      seen.push(...page.nodes.map(({ womacPain }) => womacPain));
      ({ endCursor: after, hasNextPage: more } = page.pageInfo);
    }
    expect(seen).toEqual(expected);
  }
});

test('related rows are counted, also where there are none', async () => {
  const count = async (where: object) =>
    (
      await told<{ totalCount: number }>('query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }', {
        where,
      })
    ).totalCount;

  expect(await count({ visit: { eq: 'V00' }, sameKnee: { count: { gte: 2 } } })).toBe(4);
  expect(await count({ visit: { eq: 'V00' }, sameKnee: { count: { where: { kl: { gte: 2 } }, eq: 0 } } })).toBe(3);
  expect(await count({ sameKnee: { count: { in: [3] } } })).toBe(3);
  expect(await count({ radiographs: { count: { eq: 0 } } })).toBe(12);
});

const PREVALENCE = `query ($having: KneeExamFilter!) {
  kneePrevalence(where: { visit: { eq: V00 } }, having: $having) { exams participants count people missing cases share }
}`;

test.each([
  ['a grade', { kl: { gte: 2 } }, { count: 6, missing: 1, cases: 3 }],
  [
    'its complement, which does not count what is missing',
    { not: { kl: { gte: 2 } } },
    { count: 6, missing: 1, cases: 3 },
  ],
  [
    'either, where one is enough to know',
    { or: [{ kl: { gte: 2 } }, { side: { eq: 'LEFT' } }] },
    { count: 7, missing: 0, cases: 4 },
  ],
  ['none of some grades', { kl: { nin: [2, 3, 4] } }, { count: 6, missing: 1, cases: 3 }],
  ['not none of them', { not: { kl: { nin: [2, 3, 4] } } }, { count: 6, missing: 1, cases: 3 }],
  // Of the other knee as of any related row: what is missing there does not fit.
  ['the complement of the other knee', { otherKnee: { not: { kl: { gte: 2 } } } }, { missing: 0, cases: 3 }],
  ['a variable by its name', { variables: [{ name: 'WOMKP', gte: 3 }] }, { count: 6, missing: 1, cases: 3 }],
  ['not a variable', { not: { variables: [{ name: 'WOMKP', gte: 3 }] } }, { count: 6, missing: 1, cases: 3 }],
  [
    'one column against another visit',
    { comparisons: [{ left: 'V06WOMKP', is: 'GT', right: 'WOMKP' }] },
    { count: 2, missing: 5, cases: 1 },
  ],
])('a prevalence is of exams of which it is known: %s', async (_, having, expected) => {
  const [row] = await told<object[]>(PREVALENCE, { having });

  expect(row).toMatchObject({ exams: 7, participants: 5, ...expected });
});

test("a case has the other knee for its control, whichever side it is on and whatever else the controls' filter selects", async () => {
  const made = await told(`{
    kneePairs(pairing: { of: SAME_PERSON, cases: { kl: { gte: 2 } }, controls: { kl: { gte: 0 } } }) {
      pairs { nodes { case { kl side } control { kl side } } }
    }
  }`);

  expect(made).toEqual({
    pairs: { nodes: [{ case: { kl: 2, side: 'LEFT' }, control: { kl: 1, side: 'RIGHT' } }] },
  });
});

test('an exam that fits both filters is a case, and a person is in one pair', async () => {
  const made = await told(`{
    kneePairs(pairing: { of: NEAREST, cases: { kl: { gte: 2 } }, controls: { kl: { gte: 0 } }, nearest: [{ variable: "WOMKP" }] }) {
      cases controls unpaired { reason cases } pairs { nodes { distance case { womacPain } control { womacPain } } }
    }
  }`);

  // Ann, Ben and Cas have cases, so that controls are Dot's and Eve's; Ann's second knee comes too late. Eve's right knee at V06 has no pain.
  expect(made).toMatchObject({
    ...{ cases: 5, controls: 4 },
    unpaired: [
      { reason: 'PERSON_PAIRED', cases: 2 },
      { reason: 'NO_CONTROL', cases: 1 },
    ],
    pairs: {
      nodes: [
        { case: { womacPain: 3 }, control: { womacPain: 2 } },
        { case: { womacPain: 1 }, control: { womacPain: 0 } },
      ],
    },
  });
});

const OF = (number: string) => `{ kneeExamStatistics(ofNumber: ${number}) { mean } }`;
const FACETS = (number: string) => `{ kneeExamFacets(numbers: [${number}]) { exams } }`;
const PAIRS = (rest: string) =>
  `{ kneePairs(pairing: { cases: { kl: { gte: 2 } }, controls: { kl: { lte: 1 } }, ${rest} }) { cases } }`;

test.each([
  [
    OF('{ variable: "WOMKP", change: { from: V06, to: V00 } }'),
    'ofNumber: to must be a later visit than V06, got V00.',
  ],
  [
    OF('{ variable: "V00WOMKP", change: { from: V00, to: V06 } }'),
    'ofNumber: V00WOMKP is the value at V00; name the variable without visit.',
  ],
  [OF('{ variable: "SITE" }'), 'SITE holds words; statistics are of numbers.'],
  [
    OF('{ variable: "hispanic", change: { from: V00, to: V06 } }'),
    'ofNumber: hispanic is of the person and has no value of its own at a visit.',
  ],
  [
    OF('{ variable: "WOMKP", change: { from: V00, to: V06 }, slope: { from: V00, to: V06 } }'),
    'ofNumber: give WOMKP a change or a slope, and not both.',
  ],
  [
    '{ kneeExamStatistics(where: { visit: { eq: V06 } }, ofNumber: { variable: "WOMKP", change: { from: V00, to: V06 } }) { mean } }',
    'where selects exams of the visit change.from, which is V00, and where.visit leaves that visit out: nothing can match.',
  ],
  [
    FACETS('{ variable: "WOMKP", slope: { from: V00, to: V06 } }'),
    'numbers: WOMKP per year V00-V06 needs edges; hardly two knees have the same slope.',
  ],
  [
    FACETS('{ variable: "WOMKP", edges: [1, 1] }'),
    'numbers: edges of WOMKP must each be greater than the one before, got 1.',
  ],
  ['{ kneeExams(orderBy: [{ direction: ASC }]) { nodes { id } } }', 'orderBy: each term takes either field or number.'],
  [
    '{ kneeExams(where: { comparisons: [{ left: "SITE", is: GT, right: "WOMKP" }] }) { totalCount } }',
    'where.comparisons[0]: SITE holds words; numbers are compared with one another.',
  ],
  [
    '{ kneeExams(where: { comparisons: [{ left: "NOSUCHTHING", is: GT, right: "WOMKP" }] }) { totalCount } }',
    'There is no variable "NOSUCHTHING"',
  ],
  [
    '{ kneeExams(where: { sameKnee: { count: { where: { kl: { gte: 2 } } } } }) { totalCount } }',
    'where.sameKnee.count needs a condition on the number, such as gte: 2.',
  ],
  ['{ kneeCorrelation(x: { variable: "BMI" }, y: { variable: "BMI" }) { count } }', 'x and y must be two numbers.'],
  [PAIRS('of: NEAREST'), 'nearest takes 1 to 8 numbers, got 0.'],
  [PAIRS('of: NEAREST, nearest: [{ variable: "BMI", caliper: -1 }]'), 'nearest: a caliper must be 0 or more, got -1.'],
  [PAIRS('of: NEAREST, nearest: [{ variable: "BMI" }, { variable: "BMI" }]'), 'nearest names BMI twice.'],
  [
    PAIRS('of: SAME_PERSON, nearest: [{ variable: "BMI" }]'),
    'SAME_PERSON pairs the two knees of a person at a visit; exactly and nearest go with NEAREST only.',
  ],
])('%s is refused', async (query, message) => {
  const { errors } = await api.ask(query);

  expect(errors![0]!.message).toContain(message);
  expect(errors![0]!.extensions!['code']).toBe('BAD_USER_INPUT');
});

test('an export says what it cannot hold', async () => {
  for (const [asked, message] of [
    [{ numbers: [{ variable: 'WOMKP' }] }, 'numbers are changes and slopes; name WOMKP in variables for its value.'],
    [
      { numbers: Array(2).fill({ variable: 'WOMKP', change: TO_V06 }) as object[] },
      'numbers names WOMKP_change_v00_v06 twice.',
    ],
    [
      { format: 'NIFTI_ZIP', numbers: [{ variable: 'WOMKP', change: TO_V06 }] },
      'NIFTI_ZIP is an archive; event, asOf, numbers, pairs and split are of tables.',
    ],
  ] as const) {
    const response = await fetch(`${api.url}/exports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api.tokens.READER}`, 'content-type': 'application/json' },
      body: JSON.stringify(asked),
    });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(message);
  }
});

test('a token of role SUMMARY is told no numbers, shares, correlations or pairs', async () => {
  for (const query of [
    FACETS('{ variable: "XRKL", change: { from: V00, to: V06 } }'),
    '{ kneeExamFacets(by: [SEX], where: { comparisons: [{ left: "XRJSM", is: GT, right: "XRJSL" }] }) { exams } }',
    '{ kneeExams(where: { sameKnee: { count: { gte: 2 } } }) { totalCount } }',
    '{ kneePrevalence(having: { kl: { gte: 2 } }) { share } }',
    '{ kneeCorrelation(x: { variable: "AGE" }, y: { variable: "BMI" }) { count } }',
    PAIRS('of: SAME_PERSON'),
  ]) {
    const { errors } = await api.ask(query, {}, api.tokens.SUMMARY);
    expect(errors?.[0]?.extensions?.['code']).toBe('FORBIDDEN');
  }
});
