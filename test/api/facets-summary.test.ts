import { insertPeople, type Person } from '../helpers/knees.js';
import { type Answer, startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

/** Three women of forty have KL 4 in the right knee, and one of them is the only participant of site B. */
beforeAll(async () => {
  api = await startTestServer();
  await insertPeople(
    api.dataSource,
    Array.from({ length: 80 }, (_, index): Person => {
      const woman = index < 40;
      const kl = woman && index < 3 ? 4 : index % 2 === 0 ? 0 : 2;
      return {
        sex: woman ? 'FEMALE' : 'MALE',
        site: index === 0 ? 'B' : 'A',
        visits: { V00: { RIGHT: { grades: { XRKL: kl }, womacPain: index }, LEFT: { grades: { XRKL: 0 } } } },
      };
    }),
  );
});

afterAll(() => api.close());

const asSummary = <T = Record<string, unknown>>(query: string, variables: object = {}): Promise<Answer<T>> =>
  api.ask<T>(query, variables, api.tokens.SUMMARY);

interface Bucket {
  values: { value: string | null; suppressed: boolean; total: boolean }[];
  exams: number;
  participants: number | null;
}

const FACETS = `query ($where: KneeExamFilter, $by: [KneeExamFacet!]!) {
  kneeExamFacets(where: $where, by: $by, totals: true) { values { value suppressed total } exams participants }
}`;

async function facets(by: string[], where?: object): Promise<Bucket[]> {
  const { data, errors } = await asSummary<{ kneeExamFacets: Bucket[] }>(FACETS, { by, where });
  expect(errors).toBeUndefined();
  return data!.kneeExamFacets;
}

const shown = (buckets: Bucket[]) =>
  buckets.map(({ values, exams, participants }) => [
    ...values.map(({ value, suppressed, total }) => (total ? 'all' : suppressed ? 'suppressed' : value)),
    exams,
    participants,
  ]);

test('a rare grade is pooled with its neighbours until five people share the pool, and totals hold together', async () => {
  // Women: 3 of KL 4, 18 of KL 2, 19 of KL 0; men: 20 and 20.
  expect(shown(await facets(['SEX', 'KL'], { side: { eq: 'RIGHT' } }))).toEqual([
    ['MALE', '0', 20, 20],
    ['MALE', '2', 20, 20],
    ['MALE', 'all', 40, 40],
    ['FEMALE', '0', 20, 20],
    ['FEMALE', 'suppressed', 20, 20],
    ['FEMALE', 'all', 40, 40],
    ['all', '0', 40, 40],
    ['all', '2', 20, 20],
    ['all', 'suppressed', 20, 20],
    ['all', 'all', 80, 80],
  ]);
});

test('each way to the three knees by subtraction ends at a pool of five people or more', async () => {
  const count = async (where: object) =>
    (await asSummary<{ kneeExams: { totalCount: number | null } }>(
      'query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }',
      { where },
    ).then(({ data }) => data!.kneeExams.totalCount)) ?? 0;
  const women = { participant: { sex: { eq: 'FEMALE' } }, side: { eq: 'RIGHT' } };
  const all = await count(women);
  const differences = [
    all - (await count({ ...women, kl: { lt: 4 } })),
    all - (await count({ ...women, kl: { ne: 4 } })),
    all - (await count({ ...women, kl: { in: [0, 1, 2, 3] } })),
    all - (await count({ ...women, not: { kl: { gte: 4 } } })),
    all - (await count({ and: [women, { or: [{ kl: { eq: 0 } }, { kl: { eq: 2 } }] }] })),
    await count({ kl: { gte: 4 } }),
    (await count({ side: { eq: 'RIGHT' } })) - (await count({ side: { eq: 'RIGHT' }, kl: { lt: 4 } })),
    ...(await Promise.all(
      ['SEX', 'SIDE', 'VISIT'].map(async (facet) => {
        const [total] = (await facets([facet, 'KL'])).filter(({ values }) => values.every((value) => value.total));
        const known = await count({ kl: { in: [0, 1, 2, 3] } });
        return total!.exams - known;
      }),
    )),
  ];

  expect(differences.filter((difference) => difference > 0 && difference < 5)).toEqual([]);
  expect(differences).not.toContain(3);
  // What is left is the pool of the 3 knees of KL 4 and the 18 of KL 2.
  expect(new Set(differences)).toEqual(new Set([0, 20]));
});

test('nobody is found by a filter that singles them out', async () => {
  const refused: [string, object][] = [
    ['where.id', { id: { ne: 'S25lZUV4YW06MQ==' } }],
    ['where.age', { age: { lt: 61 } }],
    ['where.womacPain', { womacPain: { eq: 3 } }],
    ['where.participant.oaiId', { participant: { oaiId: { contains: '1' } } }],
    ['where.participant.or', { participant: { or: [{ sex: { eq: 'MALE' } }] } }],
    ['where.and[0].not.readings', { and: [{ not: { readings: { some: { version: { eq: '0.8' } } } } }] }],
    ['where.or[1].hasMri', { or: [{ kl: { eq: 1 } }, { hasMri: true }] }],
    ['where.klChange', { klChange: { from: 'V00', to: 'V01', gte: 1 } }],
    ['where.inCohort', { inCohort: { eq: 'Q29ob3J0Onh4eA==' } }],
  ];
  for (const [path, where] of refused) {
    for (const query of [FACETS, 'query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }']) {
      const { errors } = await asSummary(query, query === FACETS ? { where, by: ['KL'] } : { where });
      expect(errors![0]!.message).toContain(`${path}: a token of role SUMMARY may filter by visit, side, kl`);
      expect(errors![0]!.extensions.code).toBe('FORBIDDEN');
    }
  }
});

test.each([
  [{ by: ['KL', 'SITE'] }, 'XRKL and SITE'],
  [{ by: ['SEX'], where: { kl: { eq: 2 }, participant: { site: { eq: 'B' } } } }, 'XRKL and SITE'],
  [{ by: ['AGE_BAND'], where: { not: { grades: { XRJSM: { eq: 2 } } } } }, 'AGE_BAND and XRJSM'],
])('two facets beside visit, side and sex are refused: %j', async (variables, facets) => {
  const { errors } = await asSummary(FACETS, variables);

  expect(errors![0]!.message).toBe(
    `A token of role SUMMARY may combine VISIT, SIDE, SEX with one further facet, not with ${facets}.`,
  );
});

test('the one participant of a site is in no bucket of it', async () => {
  expect(shown(await facets(['SITE']))).toEqual([
    ['A', 80, null],
    ['suppressed', 80, null],
    ['all', 160, null],
  ]);
});

test('other lists are counted whole and rounded, or not at all', async () => {
  const participants = 'query ($where: ParticipantFilter) { participants(where: $where) { totalCount } }';
  const generations = 'query ($where: GenerationFilter) { generations(where: $where) { totalCount } }';

  expect((await asSummary(participants)).data).toEqual({ participants: { totalCount: 80 } });
  expect((await asSummary(generations)).data).toEqual({ generations: { totalCount: null } });
  for (const [query, where] of [
    [participants, { site: { eq: 'A' } }],
    [participants, { not: { oaiId: { eq: '1000001' } } }],
    [generations, { exam: { kl: { eq: 4 } } }],
  ] as const) {
    expect((await asSummary(query, { where })).errors![0]!.extensions.code).toBe('FORBIDDEN');
  }
});

test('statistics and transitions are for readers', async () => {
  for (const query of [
    '{ kneeExamStatistics(of: WOMAC_PAIN) { minimum maximum } }',
    '{ gradeTransitions(from: V00, to: V01) { knees } }',
  ]) {
    expect((await asSummary(query)).errors![0]!.extensions.code).toBe('FORBIDDEN');
  }
});
