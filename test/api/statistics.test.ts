import { insertPeople, type Person } from '../helpers/knees.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  const women = [1, 2, 3.5, 4, 10].map((womacPain): Person => ({
    sex: 'FEMALE',
    visits: { V00: { age: 50 + womacPain * 2, bmi: 27.3, RIGHT: { womacPain } } },
  }));
  const men: Person[] = [
    { sex: 'MALE', visits: { V00: { age: null, bmi: 31.1, RIGHT: { womacPain: 6.2 }, LEFT: { womacPain: null } } } },
    { sex: null, visits: { V00: { RIGHT: { womacPain: null } } } },
  ];
  await insertPeople(api.dataSource, [...women, ...men]);
});

afterAll(() => api.close());

const QUERY = `query ($where: KneeExamFilter, $of: KneeExamMeasure! = WOMAC_PAIN, $by: [KneeExamFacet!], $histogram: HistogramInput) {
  kneeExamStatistics(where: $where, of: $of, by: $by, histogram: $histogram) {
    values { value } exams participants count missing minimum maximum mean standardDeviation lowerQuartile median upperQuartile
    histogram { bins { from to count } below above }
  }
}`;

async function statistics(variables: object): Promise<Record<string, unknown>[]> {
  const { data, errors } = await api.ask<{ kneeExamStatistics: Record<string, unknown>[] }>(QUERY, variables);
  expect(errors).toBeUndefined();
  return data!.kneeExamStatistics;
}

test('the figures are those of numpy', async () => {
  // np.mean, np.std(ddof=1), np.percentile([1, 2, 3.5, 4, 10], [25, 50, 75])
  expect(await statistics({ where: { participant: { sex: { eq: 'FEMALE' } } } })).toEqual([
    {
      values: [],
      exams: 5,
      participants: 5,
      count: 5,
      missing: 0,
      minimum: 1,
      maximum: 10,
      mean: 4.1,
      standardDeviation: 3.507136,
      lowerQuartile: 2,
      median: 3.5,
      upperQuartile: 4,
      histogram: null,
    },
  ]);
});

test('groups tell exams, people, numbers and missing numbers apart', async () => {
  const groups = await statistics({ by: ['SEX'], histogram: { edges: [0, 5, 10] } });

  expect(
    groups.map(({ values, exams, participants, count, missing, mean, histogram }) => ({
      sex: (values as { value: string | null }[])[0]!.value,
      exams,
      participants,
      count,
      missing,
      mean,
      bins: (histogram as { bins: { count: number }[] }).bins.map((bin) => bin.count),
    })),
  ).toEqual([
    { sex: 'MALE', exams: 2, participants: 1, count: 1, missing: 1, mean: 6.2, bins: [0, 1] },
    { sex: 'FEMALE', exams: 5, participants: 5, count: 5, missing: 0, mean: 4.1, bins: [4, 1] },
    { sex: null, exams: 1, participants: 1, count: 0, missing: 1, mean: null, bins: [0, 0] },
  ]);
});

test('bins take their lower edge in, the last one both, and what lies outside is counted beside them', async () => {
  const [{ histogram }] = (await statistics({ histogram: { from: 2, to: 6.2, bins: 2 } })) as [{ histogram: object }];

  expect(histogram).toEqual({
    bins: [
      { from: 2, to: 4.1, count: 3 },
      { from: 4.1, to: 6.2, count: 1 },
    ],
    below: 1,
    above: 1,
  });
});

test('an edge at a decimal that no binary number holds takes the value in', async () => {
  const [{ histogram, minimum, maximum }] = (await statistics({
    of: 'BMI',
    histogram: { edges: [20, 27.3, 31.1] },
  })) as [{ histogram: { bins: { count: number }[] }; minimum: number; maximum: number }];

  expect(histogram.bins.map(({ count }) => count)).toEqual([0, 8]);
  expect([minimum, maximum]).toEqual([27.3, 31.1]);
});

test('whole numbers have statistics too', async () => {
  const [{ median, count, missing }] = (await statistics({ of: 'AGE', where: { bmi: { lt: 31 } } })) as [
    Record<string, number>,
  ];

  expect({ median, count, missing }).toEqual({ median: 57.5, count: 6, missing: 0 });
});

test('nothing selected gives no group', async () => {
  expect(await statistics({ where: { kl: { in: [] } } })).toEqual([]);
});

test.each([
  ['no edges', {}, 'histogram needs edges, or from, to and bins.'],
  ['both ways at once', { edges: [0, 1], bins: 2 }, 'histogram takes either edges, or from, to and bins.'],
  ['no bin', { from: 0, to: 1, bins: 0 }, 'histogram takes 1 to 200 bins, got 0.'],
  ['too many bins', { from: 0, to: 1, bins: 201 }, 'histogram takes 1 to 200 bins, got 201.'],
  ['one edge', { edges: [1] }, 'histogram takes 1 to 200 bins, got 0.'],
  [
    'edges that fall',
    { edges: [0, 2, 1] },
    'histogram: edges must be numbers, each greater than the one before; edge 3 is 1.',
  ],
  [
    'edges too near for the columns',
    { edges: [1, 1.000000001] },
    'histogram: edges must be numbers, each greater than the one before; edge 2 is 1.000000001.',
  ],
])('%s is refused', async (_name, histogram, message) => {
  const { errors } = await api.ask(QUERY, { histogram });

  expect(errors).toEqual([expect.objectContaining({ message })]);
  expect(errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
});
