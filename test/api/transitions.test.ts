import { insertPeople, type Knee, type Person } from '../helpers/knees.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;

const knee = (kl: number | null): Knee => ({ grades: { XRKL: kl } });
const person = (visits: Person['visits'], sex: Person['sex'] = 'FEMALE'): Person => ({ sex, visits });

beforeAll(async () => {
  api = await startTestServer();
  await insertPeople(api.dataSource, [
    person({ V00: { RIGHT: knee(0), LEFT: knee(0) }, V06: { RIGHT: knee(0), LEFT: knee(2) } }),
    person({ V00: { RIGHT: knee(0), LEFT: knee(2) }, V06: { RIGHT: knee(2), LEFT: knee(3) } }),
    person({ V00: { RIGHT: knee(2) }, V06: { RIGHT: knee(null) } }, 'MALE'),
    // Not examined at the second visit, at the first, or with the other knee only: these do not count.
    person({ V00: { RIGHT: knee(4) }, V01: { RIGHT: knee(4) } }),
    person({ V06: { RIGHT: knee(1) } }),
    person({ V00: { LEFT: knee(1) }, V06: { RIGHT: knee(1) } }),
  ]);
});

afterAll(() => api.close());

const QUERY = `query ($where: KneeExamFilter, $from: VisitCode! = V00, $to: VisitCode! = V06) {
  klTransitions(where: $where, from: $from, to: $to) { kind from to knees participants }
}`;

test('each cell and both margins tell knees and people apart', async () => {
  const { data } = await api.ask(QUERY);

  expect(data!['klTransitions']).toEqual([
    { kind: 'CELL', from: 0, to: 0, knees: 1, participants: 1 },
    { kind: 'CELL', from: 0, to: 2, knees: 2, participants: 2 },
    { kind: 'CELL', from: 2, to: 3, knees: 1, participants: 1 },
    { kind: 'CELL', from: 2, to: null, knees: 1, participants: 1 },
    { kind: 'FROM_TOTAL', from: 0, to: null, knees: 3, participants: 2 },
    { kind: 'FROM_TOTAL', from: 2, to: null, knees: 2, participants: 2 },
    { kind: 'TO_TOTAL', from: null, to: 0, knees: 1, participants: 1 },
    { kind: 'TO_TOTAL', from: null, to: 2, knees: 2, participants: 2 },
    { kind: 'TO_TOTAL', from: null, to: 3, knees: 1, participants: 1 },
    { kind: 'TO_TOTAL', from: null, to: null, knees: 1, participants: 1 },
    { kind: 'TOTAL', from: null, to: null, knees: 5, participants: 3 },
  ]);
});

test('the filter selects exams of the first visit', async () => {
  const { data } = await api.ask(QUERY, { where: { kl: { eq: 0 }, side: { eq: 'RIGHT' } } });

  expect((data!['klTransitions'] as { kind: string }[]).filter(({ kind }) => kind === 'CELL')).toEqual([
    { kind: 'CELL', from: 0, to: 0, knees: 1, participants: 1 },
    { kind: 'CELL', from: 0, to: 2, knees: 1, participants: 1 },
  ]);
});

test('no knee examined at both visits gives an empty matrix', async () => {
  expect((await api.ask(QUERY, { from: 'V08', to: 'V10' })).data).toEqual({ klTransitions: [] });
});

test.each([
  ['V06', 'V06'],
  ['V06', 'V00'],
])('from %s to %s is refused', async (from, to) => {
  const { errors } = await api.ask(QUERY, { from, to });

  expect(errors![0]!.message).toBe(`from must be a visit before to, got ${from} and ${to}.`);
});

test.each([
  [{ visit: { eq: 'V06' } }, 'where.visit'],
  [{ and: [{ kl: { gte: 1 } }, { visit: { in: ['V01', 'V06'] } }] }, 'where.and[1].visit'],
  [{ visit: { gt: 'V00' } }, 'where.visit'],
  [{ month: { gte: 12 } }, 'where.month'],
])('a filter that leaves the first visit out says that nothing can match: %j', async (where, place) => {
  const { errors } = await api.ask(QUERY, { where });

  expect(errors![0]).toMatchObject({
    message: `where selects exams of the visit from, which is V00, and ${place} leaves that visit out: nothing can match.`,
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

test.each([
  { visit: { eq: 'V00' } },
  { visit: { lte: 'V06' }, month: { lt: 12 } },
  { or: [{ visit: { eq: 'V06' } }, { kl: { gte: 0 } }] },
])('a filter that the first visit may fit is counted: %j', async (where) => {
  expect((await api.ask(QUERY, { where })).errors).toBeUndefined();
});
