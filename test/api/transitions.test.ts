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
    // Did not come to the second visit; not to the first, which does not count; came, and the knee was not read.
    person({ V00: { RIGHT: knee(4) }, V01: { RIGHT: knee(4) } }),
    person({ V06: { RIGHT: knee(1) } }),
    person({ V00: { LEFT: knee(1) }, V06: { RIGHT: knee(1) } }),
  ]);
});

afterAll(() => api.close());

const QUERY = `query ($where: KneeExamFilter, $from: VisitCode! = V00, $to: VisitCode! = V06) {
  gradeTransitions(where: $where, from: $from, to: $to) { kind from to ungraded knees participants }
}`;

test('each cell and both margins tell knees and people apart', async () => {
  const { data } = await api.ask(QUERY);

  const graded = { ungraded: null };
  expect(data!['gradeTransitions']).toEqual([
    { kind: 'CELL', from: 0, to: 0, ...graded, knees: 1, participants: 1 },
    { kind: 'CELL', from: 0, to: 2, ...graded, knees: 2, participants: 2 },
    { kind: 'CELL', from: 1, to: null, ungraded: 'NOT_READ', knees: 1, participants: 1 },
    { kind: 'CELL', from: 2, to: 3, ...graded, knees: 1, participants: 1 },
    { kind: 'CELL', from: 2, to: null, ungraded: 'NOT_READ', knees: 1, participants: 1 },
    { kind: 'CELL', from: 4, to: null, ungraded: 'MISSED_VISIT', knees: 1, participants: 1 },
    { kind: 'FROM_TOTAL', from: 0, to: null, ...graded, knees: 3, participants: 2 },
    { kind: 'FROM_TOTAL', from: 1, to: null, ...graded, knees: 1, participants: 1 },
    { kind: 'FROM_TOTAL', from: 2, to: null, ...graded, knees: 2, participants: 2 },
    { kind: 'FROM_TOTAL', from: 4, to: null, ...graded, knees: 1, participants: 1 },
    { kind: 'TO_TOTAL', from: null, to: 0, ...graded, knees: 1, participants: 1 },
    { kind: 'TO_TOTAL', from: null, to: 2, ...graded, knees: 2, participants: 2 },
    { kind: 'TO_TOTAL', from: null, to: 3, ...graded, knees: 1, participants: 1 },
    { kind: 'TO_TOTAL', from: null, to: null, ungraded: 'MISSED_VISIT', knees: 1, participants: 1 },
    { kind: 'TO_TOTAL', from: null, to: null, ungraded: 'NOT_READ', knees: 2, participants: 2 },
    { kind: 'TOTAL', from: null, to: null, ...graded, knees: 7, participants: 5 },
  ]);
});

test('a knee without a later grade was replaced, or its owner died, did not come, or came and was not read', async () => {
  const own = await startTestServer();
  try {
    const { make } = own;
    const seen = async (changes: object, later: boolean, outcome?: object, code?: string) => {
      const participant = await make.participant(changes);
      await make.exam(await make.visit(participant, { date: '2004-01-01' }), { grades: { XRKL: 3 } });
      if (outcome) await make.jointOutcome(participant, outcome);
      if (!later) return;
      const exam = await make.exam(await make.visit(participant, { code: 'V06', date: '2008-02-01' }), {
        preferredProject: '15',
      });
      if (code) await make.reading(exam, { missing: { XRKL: code } });
    };
    // By the table of outcomes and by the code of the reading; the replacement at day 1,500 is later than the visit.
    await seen({}, false, { days: 1400 });
    await seen({}, true, undefined, '.P');
    await seen({}, true, { days: 1500 });
    await seen({ deathDate: '2007-05-01', deathConfirmation: 'CONFIRMED' }, false);
    await seen({ deathDate: '2009-05-01', deathConfirmation: 'CONFIRMED' }, false);
    await seen({}, true, undefined, '.T');

    const { data } = await own.ask<{ gradeTransitions: { kind: string; ungraded: string; knees: number }[] }>(QUERY);

    const cells = data!.gradeTransitions.filter(({ kind }) => kind === 'CELL');
    expect(cells.map(({ ungraded, knees }) => [ungraded, knees])).toEqual([
      ['REPLACED', 2],
      ['DIED', 1],
      ['MISSED_VISIT', 1],
      ['NOT_READ', 2],
    ]);
  } finally {
    await own.close();
  }
});

test('the filter selects exams of the first visit', async () => {
  const { data } = await api.ask(QUERY, { where: { kl: { eq: 0 }, side: { eq: 'RIGHT' } } });

  expect((data!['gradeTransitions'] as { kind: string }[]).filter(({ kind }) => kind === 'CELL')).toEqual([
    { kind: 'CELL', from: 0, to: 0, ungraded: null, knees: 1, participants: 1 },
    { kind: 'CELL', from: 0, to: 2, ungraded: null, knees: 1, participants: 1 },
  ]);
});

test('no knee examined at the earlier visit gives an empty matrix', async () => {
  expect((await api.ask(QUERY, { from: 'V08', to: 'V10' })).data).toEqual({ gradeTransitions: [] });
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
