import { encodeId } from '../../src/domain/global-ids.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

beforeAll(async () => {
  api = await startTestServer();
  const { make } = api;
  const ann = await make.participant({ oaiId: '9000001' });
  for (const [code, kl] of [
    ['V06', 3],
    ['V00', 1],
    ['V01', 2],
  ] as const) {
    const visit = await make.visit(ann, { code });
    await make.exam(visit, { grades: { XRKL: kl } });
    if (code === 'V00') await make.exam(visit, { side: 'LEFT', grades: { XRKL: 4 } });
  }
  await make.jointOutcome(ann, { side: 'LEFT', days: 90, type: 'TOTAL' });
});

afterAll(() => api.close());

test('a knee has its exams in order of time, what became of it, and the other knee', async () => {
  const { data, errors } = await api.ask(`{
    participant(oaiId: "9000001") {
      knees {
        side
        exams { kl visit { code } }
        ends: exams(visits: [V00, V06]) { kl }
        outcome { days type }
        otherKnee { side exams { kl } }
      }
    }
  }`);

  expect(errors).toBeUndefined();
  const exam = (code: string, kl: number) => ({ kl, visit: { code } });
  expect(data!['participant']).toEqual({
    knees: [
      {
        ...{ side: 'RIGHT', exams: [exam('V00', 1), exam('V01', 2), exam('V06', 3)], ends: [{ kl: 1 }, { kl: 3 }] },
        ...{ outcome: null, otherKnee: { side: 'LEFT', exams: [{ kl: 4 }] } },
      },
      {
        ...{ side: 'LEFT', exams: [exam('V00', 4)], ends: [{ kl: 4 }], outcome: { days: 90, type: 'TOTAL' } },
        otherKnee: { side: 'RIGHT', exams: [{ kl: 1 }, { kl: 2 }, { kl: 3 }] },
      },
    ],
  });
});

test('a knee has the progression of its grades between two visits, and why there is none', async () => {
  const { data, errors } = await api.ask(`{
    participant(oaiId: "9000001") { knees {
      toYear4: progression(to: V06) { from to change ungraded }
      later: progression(from: V01, to: V08) { from to change ungraded }
      osteophyte: progression(feature: XROSTM, to: V01) { from to change ungraded }
    } }
  }`);

  expect(errors).toBeUndefined();
  const none = { from: null, to: null, change: null };
  expect(data!['participant']).toEqual({
    knees: [
      {
        toYear4: { from: 1, to: 3, change: 2, ungraded: null },
        later: { from: 2, to: null, change: null, ungraded: 'MISSED_VISIT' },
        osteophyte: { ...none, ungraded: 'NOT_READ' },
      },
      {
        toYear4: { from: 4, to: null, change: null, ungraded: 'REPLACED' },
        later: { ...none, ungraded: 'REPLACED' },
        osteophyte: { ...none, ungraded: 'REPLACED' },
      },
    ],
  });
});

test('a progression whose visits are in the wrong order is refused', async () => {
  const { errors } = await api.ask('{ knee(oaiId: "9000001", side: LEFT) { progression(from: V06, to: V00) { to } } }');

  expect(errors![0]!.message).toBe('from must be a visit before to, got V06 and V00.');
});

test('an exam leads to the other exams of its knee', async () => {
  const { data } = await api.ask(
    '{ kneeExams(where: { visit: { eq: V00 } }) { nodes { side knee { side participant { oaiId } exams { kl } } } } }',
  );

  expect(data!['kneeExams']).toEqual({
    nodes: [
      {
        side: 'RIGHT',
        knee: { side: 'RIGHT', participant: { oaiId: '9000001' }, exams: [{ kl: 1 }, { kl: 2 }, { kl: 3 }] },
      },
      { side: 'LEFT', knee: { side: 'LEFT', participant: { oaiId: '9000001' }, exams: [{ kl: 4 }] } },
    ],
  });
});

test('an exam is found by participant, visit and side', async () => {
  const { data, errors } = await api.ask(`{
    left: kneeExam(oaiId: "9000001", visit: V00, side: LEFT) { kl side visit { code } participant { oaiId } }
    notExamined: kneeExam(oaiId: "9000001", visit: V06, side: LEFT) { kl }
    nobody: kneeExam(oaiId: "9999999", visit: V00, side: LEFT) { kl }
    noId: kneeExam(oaiId: "x", visit: V00, side: LEFT) { kl }
  }`);

  expect(errors).toBeUndefined();
  expect(data).toEqual({
    left: { kl: 4, side: 'LEFT', visit: { code: 'V00' }, participant: { oaiId: '9000001' } },
    notExamined: null,
    nobody: null,
    noId: null,
  });
});

test('a participant has the exams of chosen visits', async () => {
  const { data } = await api.ask('{ participant(oaiId: "9000001") { exams(visits: [V00, V01]) { kl side } } }');

  expect(data!['participant']).toEqual({
    exams: [
      { kl: 1, side: 'RIGHT' },
      { kl: 4, side: 'LEFT' },
      { kl: 2, side: 'RIGHT' },
    ],
  });
});

test('nodes are looked up together, in the order of their ids, with null for those that are not there', async () => {
  const { data: found } = await api.ask<{ participant: { id: string; exams: { id: string }[] } }>(
    '{ participant(oaiId: "9000001") { id exams(visits: [V06]) { id } } }',
  );
  const { id, exams } = found!.participant;
  const ids = [exams[0]!.id, encodeId('KneeExam', 999_999), id];
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename ... on KneeExam { kl } } }';
  const { data, errors } = await api.ask(query, { ids });

  expect(errors).toBeUndefined();
  expect(data!['nodes']).toEqual([
    { id: ids[0], __typename: 'KneeExam', kl: 3 },
    null,
    { id, __typename: 'Participant' },
  ]);
});

test.each([
  [[], 'ids must be between 1 and 200, got 0.'],
  [Array<string>(201).fill(encodeId('KneeExam', 1)), 'ids must be between 1 and 200, got 201.'],
  [[encodeId('KneeExam', 1), 'x'], 'ids[1] is not an id of this API.'],
])('ids that cannot be looked up are refused: %#', async (ids, message) => {
  const { errors } = await api.ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });

  expect(errors![0]).toMatchObject({ message, extensions: { code: 'BAD_USER_INPUT' } });
});
