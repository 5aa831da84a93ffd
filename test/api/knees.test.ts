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
