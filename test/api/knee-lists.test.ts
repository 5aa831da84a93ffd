import { encodeId } from '../../src/domain/global-ids.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

/** Participants 1000001 (both knees, three visits), 1000002 (the left knee at baseline) and 1000003 (no exam at all). */
beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  const [ann, ben] = [
    await make.participant({ oaiId: '1000001', sex: 'FEMALE' }),
    await make.participant({ oaiId: '1000002', sex: 'MALE' }),
    await make.participant({ oaiId: '1000003', sex: 'MALE' }),
  ];
  const grades = { V00: [1, 3], V01: [2, 3], V06: [3, null] } as const;
  for (const code of ['V00', 'V01', 'V06'] as const) {
    const visit = await make.visit(ann, { code });
    for (const [index, side] of (['RIGHT', 'LEFT'] as const).entries()) {
      await make.exam(visit, { side, grades: { XRKL: grades[code][index]! } });
    }
  }
  await make.exam(await make.visit(ben, { code: 'V00' }), { side: 'LEFT', grades: { XRKL: 4 } });
  await make.jointOutcome(ben, { side: 'LEFT', days: 400, type: 'TOTAL' });
});

afterAll(() => api.close());

test('the list has both knees of every participant, the right one first, examined or not', async () => {
  const { data, errors } = await api.ask(
    '{ knees { totalCount nodes { side participant { oaiId } exams { kl } } pageInfo { hasNextPage } } }',
  );

  expect(errors).toBeUndefined();
  const knee = (oaiId: string, side: string, ...kl: (number | null)[]) => ({
    ...{ side, participant: { oaiId }, exams: kl.map((grade) => ({ kl: grade })) },
  });
  expect(data!['knees']).toEqual({
    totalCount: 6,
    nodes: [
      ...[knee('1000001', 'RIGHT', 1, 2, 3), knee('1000001', 'LEFT', 3, 3, null)],
      ...[knee('1000002', 'RIGHT'), knee('1000002', 'LEFT', 4)],
      ...[knee('1000003', 'RIGHT'), knee('1000003', 'LEFT')],
    ],
    pageInfo: { hasNextPage: false },
  });
});

test.each<[where: string, knees: string[]]>([
  ['{}', ['1R', '1L', '2R', '2L', '3R', '3L']],
  ['{ side: { eq: LEFT } }', ['1L', '2L', '3L']],
  ['{ participant: { sex: { eq: MALE } } }', ['2R', '2L', '3R', '3L']],
  ['{ exams: { exists: false } }', ['2R', '3R', '3L']],
  ['{ exams: { some: { visit: { eq: V00 }, kl: { gte: 2 } } } }', ['1L', '2L']],
  ['{ exams: { exists: true, every: { kl: { gte: 2 } } } }', ['2L']],
  ['{ exams: { none: { kl: { gte: 3 } }, exists: true } }', []],
  ['{ exams: { count: { where: { kl: { eq: 3 } }, eq: 2 } } }', ['1L']],
  ['{ incidentOa: { from: V00, to: V06 } }', ['1R']],
  ['{ klChange: { from: V00, to: V01, eq: 0 } }', ['1L']],
  ['{ not: { klChange: { from: V00, to: V06, gte: 0 } } }', ['1L', '2R', '2L', '3R', '3L']],
  ['{ outcome: { days: { gt: 365 } } }', ['2L']],
  ['{ otherKnee: { exams: { some: { kl: { eq: 4 } } } } }', ['2R']],
  ['{ or: [{ side: { eq: RIGHT }, exams: { exists: true } }, { outcome: { replaced: true } }] }', ['1R', '2L']],
])('where %s selects %j, page and count alike', async (where, knees) => {
  const { data, errors } = await api.ask<{ knees: { totalCount: number; nodes: Knee[] } }>(
    `{ knees(where: ${where}) { totalCount nodes { side participant { oaiId } } } }`,
  );

  expect(errors).toBeUndefined();
  expect(data!.knees.nodes.map(shortName)).toEqual(knees);
  expect(data!.knees.totalCount).toBe(knees.length);
});

test('an order and pages from both ends lose no knee', async () => {
  const order = 'orderBy: [{ field: SIDE }, { field: OAI_ID, direction: DESC }]';
  const page =
    '{ nodes { side participant { oaiId } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } }';
  const first = await api.ask<Pages>(`{ knees(${order}, first: 4) ${page} }`);
  const { endCursor } = first.data!.knees.pageInfo;
  const second = await api.ask<Pages>(`{ knees(${order}, first: 4, after: "${endCursor}") ${page} }`);
  const { startCursor } = second.data!.knees.pageInfo;
  const back = await api.ask<Pages>(`{ knees(${order}, last: 2, before: "${startCursor}") ${page} }`);

  expect(first.data!.knees.nodes.map(shortName)).toEqual(['3L', '2L', '1L', '3R']);
  expect(second.data!.knees.nodes.map(shortName)).toEqual(['2R', '1R']);
  expect(back.data!.knees.nodes.map(shortName)).toEqual(['1L', '3R']);
  expect(back.data!.knees.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
});

test('participants are selected by their knees', async () => {
  const { data } = await api.ask(
    '{ participants(where: { knees: { some: { exams: { some: { kl: { eq: 4 } } } } } }) { nodes { oaiId } } }',
  );

  expect(data!['participants']).toEqual({ nodes: [{ oaiId: '1000002' }] });
});

test('a knee is found by participant and side, and again by its id', async () => {
  const { data } = await api.ask<Record<string, { id: string } | null>>(`{
    knee(oaiId: "1000003", side: LEFT) { id }
    nobody: knee(oaiId: "9999999", side: LEFT) { id }
    noId: knee(oaiId: "x", side: LEFT) { id }
  }`);
  const id = data!['knee']!.id;
  const again = await api.ask(
    `query ($id: ID!, $gone: ID!) {
      node(id: $id) { ... on Knee { side participant { oaiId } } }
      gone: node(id: $gone) { id }
      knees(where: { id: { eq: $id } }) { nodes { side otherKnee { side } } }
    }`,
    { id, gone: encodeId('Knee', 1_999_998) },
  );

  expect(data).toMatchObject({ nobody: null, noId: null });
  expect(again.data).toEqual({
    node: { side: 'LEFT', participant: { oaiId: '1000003' } },
    gone: null,
    knees: { nodes: [{ side: 'LEFT', otherKnee: { side: 'RIGHT' } }] },
  });
});

test.each([
  ['{ id: { eq: "x" } }', 'where.id.eq must be the id of a Knee.'],
  ['{ exams: {} }', 'where.exams is empty; leave it out, or use exists.'],
  ['{ klChange: { from: V06, to: V00, gte: 1 } }', 'where.klChange.to must be a later visit than V06, got V00.'],
])('where %s is refused', async (where, message) => {
  const { errors } = await api.ask(`{ knees(where: ${where}) { totalCount } }`);

  expect(errors!.map((error) => error.message)).toEqual([message]);
});

test('a token of role SUMMARY gets the rounded number of all knees and filters none', async () => {
  const all = await api.ask('{ knees { totalCount } }', {}, api.tokens.SUMMARY);
  const filtered = await api.ask('{ knees(where: { side: { eq: LEFT } }) { totalCount } }', {}, api.tokens.SUMMARY);

  expect(all.data).toEqual({ knees: { totalCount: 5 } });
  expect(filtered.errors![0]).toMatchObject({
    message: 'A token of role SUMMARY may filter only kneeExams and kneeExamFacets.',
    extensions: { code: 'FORBIDDEN' },
  });
});

interface Knee {
  side: 'RIGHT' | 'LEFT';
  participant: { oaiId: string };
}

interface Pages {
  knees: {
    nodes: Knee[];
    pageInfo: { startCursor: string; endCursor: string; hasNextPage: boolean; hasPreviousPage: boolean };
  };
}

/** `2L`: the left knee of participant 1000002. */
function shortName({ side, participant }: Knee): string {
  return participant.oaiId.at(-1)! + side[0]!;
}
