import { startTestServer, type TestServer } from '../helpers/server.js';
import { StatementLog } from '../helpers/statements.js';

const log = new StatementLog();
let api: TestServer;

/** Five participants alike: two visits, both knees, a film and two readings of each exam, real and generated series. */
beforeAll(async () => {
  api = await startTestServer({ logger: log });
  const { make } = api;
  const bundle = await make.bundle();
  for (let person = 1; person <= 5; person++) {
    const participant = await make.participant({ oaiId: `100000${person}` });
    await make.jointOutcome(participant, { side: 'RIGHT', days: 100 * person });
    for (const [index, code] of (['V00', 'V06'] as const).entries()) {
      const visit = await make.visit(participant, { code, bmi: 25 + 5 * index });
      const film = await make.radiograph(visit, { view: 'Bilateral PA Fixed Flexion Knee' });
      for (const side of ['RIGHT', 'LEFT'] as const) {
        const kl = index + (side === 'LEFT' ? 2 : 0);
        const exam = await make.exam(visit, { side, preferredProject: '15', grades: { XRKL: kl } });
        await make.reading(exam, { project: '15', grades: { XRKL: kl } });
        await make.reading(exam, { project: '37', grades: { XRKL: kl + 1 } });
        await make.series(exam, { sequence: 'COR_T1_3D_FLASH' });
        await make.series(exam, { sequence: `SAG_3D_DESS_${side}` });
        await make.series(exam, { sequence: 'ep2d' });
        const generation = await make.generation(exam, film, bundle, { state: 'SUCCEEDED' });
        await make.series(exam, { sequence: 'COR_T1_3D_FLASH', synthetic: true, generationId: generation.id });
      }
    }
  }
  // From now on the token is known, and costs no statement.
  await api.ask('{ viewer { name } }');
});

afterAll(() => api.close());

test('each list below a participant takes a filter', async () => {
  const { data, errors } = await api.ask(`{
    participant(oaiId: "1000002") {
      visits(where: { bmi: { gte: 30 } }) { code exams(where: { kl: { gte: 3 } }) { side kl } }
      exams(side: LEFT, visits: [V00, V06], where: { kl: { gte: 3 } }) { kl visit { code } }
      knees(where: { exams: { every: { kl: { lte: 1 } } } }) { side exams(where: { kl: { eq: 1 } }) { visit { code } } }
      left: knees(side: LEFT) { side }
      jointOutcomes(where: { days: { lte: 150 } }) { days }
      all: jointOutcomes(where: {}) { days }
    }
  }`);

  expect(errors).toBeUndefined();
  expect(data!['participant']).toEqual({
    visits: [{ code: 'V06', exams: [{ side: 'LEFT', kl: 3 }] }],
    exams: [{ kl: 3, visit: { code: 'V06' } }],
    knees: [{ side: 'RIGHT', exams: [{ visit: { code: 'V06' } }] }],
    left: [{ side: 'LEFT' }],
    jointOutcomes: [],
    all: [{ days: 200 }],
  });
});

test('each list below an exam takes a filter, and real and generated series stay apart', async () => {
  const { data, errors } = await api.ask(`{
    kneeExam(oaiId: "1000001", visit: V00, side: LEFT) {
      readings(where: { kl: { gte: 3 } }) { project kl }
      radiographs(where: { view: { contains: "bilateral" } }) { view }
      none: radiographs(where: { bilateral: false }) { view }
      mriSeries(where: { sequence: { contains: "dess" } }) { sequence synthetic }
      generated: mriSeries(synthetic: true, where: { sequence: { contains: "flash" } }) { sequence synthetic }
      spoken: mriSeries(where: { synthetic: { eq: true } }) { sequence synthetic }
      radiographReadings(where: { readable: true }) { kl }
    }
  }`);

  expect(errors).toBeUndefined();
  expect(data!['kneeExam']).toEqual({
    readings: [{ project: 'PROJECT_37', kl: 3 }],
    radiographs: [{ view: 'Bilateral PA Fixed Flexion Knee' }],
    none: [],
    mriSeries: [{ sequence: 'SAG_3D_DESS_LEFT', synthetic: false }],
    generated: [{ sequence: 'COR_T1_3D_FLASH', synthetic: true }],
    spoken: [{ sequence: 'COR_T1_3D_FLASH', synthetic: true }],
    radiographReadings: [],
  });
});

test('series are told and selected by protocol and side', async () => {
  const { data, errors } = await api.ask(`{
    kneeExam(oaiId: "1000001", visit: V00, side: LEFT) {
      mriSeries { sequence protocol side }
      dess: mriSeries(where: { protocol: { eq: SAG_3D_DESS } }) { protocol side }
      left: mriSeries(where: { side: { eq: LEFT } }) { protocol }
      other: mriSeries(where: { protocol: { nin: [SAG_3D_DESS, COR_T1_3D_FLASH] } }) { sequence }
    }
    kneeExams(where: { mriSeries: { some: { protocol: { eq: SAG_3D_DESS }, side: { eq: LEFT } } } }) { totalCount }
  }`);

  expect(errors).toBeUndefined();
  expect(data).toEqual({
    kneeExam: {
      mriSeries: [
        { sequence: 'COR_T1_3D_FLASH', protocol: 'COR_T1_3D_FLASH', side: null },
        { sequence: 'SAG_3D_DESS_LEFT', protocol: 'SAG_3D_DESS', side: 'LEFT' },
        { sequence: 'ep2d', protocol: 'OTHER', side: null },
      ],
      dess: [{ protocol: 'SAG_3D_DESS', side: 'LEFT' }],
      left: [{ protocol: 'SAG_3D_DESS' }],
      other: [{ sequence: 'ep2d' }],
    },
    kneeExams: { totalCount: 10 },
  });
});

test('a dropped reading is listed, and left out by a filter that does not speak of it', async () => {
  await api.dataSource.query(
    `UPDATE reading SET dropped = '{"version": "2.0"}' WHERE project = '37' AND exam_id IN
       (SELECT e.id FROM knee_exam e JOIN participant p ON p.id = e.participant_id WHERE p.oai_id = '1000005')`,
  );
  const { data } = await api.ask(`{
    kneeExam(oaiId: "1000005", visit: V00, side: LEFT) {
      readings { kl dropped }
      standing: readings(where: { kl: { gte: 0 } }) { kl }
      dropped: readings(where: { dropped: true }) { kl }
    }
  }`);

  expect(data!['kneeExam']).toEqual({
    readings: [
      { kl: 2, dropped: false },
      { kl: 3, dropped: true },
    ],
    standing: [{ kl: 2 }],
    dropped: [{ kl: 3 }],
  });
});

test('lists of five participants take as many statements as those of one', async () => {
  const query = `query ($first: Int) {
    participants(first: $first) { nodes {
      exams(where: { kl: { gte: 1 } }) { kl readings(where: { kl: { gte: 1 } }) { kl } mriSeries(where: { sequence: { contains: "DESS" } }) { sequence } }
      knees(where: { exams: { some: { kl: { eq: 3 } } } }) { side exams(where: { kl: { eq: 3 } }) { kl } }
    } }
  }`;
  const statements = async (first: number) => {
    log.clear();
    const { errors } = await api.ask(query, { first });
    expect(errors).toBeUndefined();
    return log.statements.length;
  };
  const one = await statements(1);

  expect(await statements(5)).toBe(one);
  // Participants; knees that fit; exams; exams that fit, by two filters; readings and series, and those of them that fit.
  expect(one).toBe(9);
});

test('a filter of a nested list counts in the cost of the operation', async () => {
  const rows = 'mriSeries(where: { sequence: { contains: "DESS" } }) { id }';
  const query = (list: string) =>
    `{ participants(first: 200) { nodes { exams { a: ${list} b: ${list} c: ${list} } } } }`;
  const plain = await api.ask(query('mriSeries { id }'));
  const filtered = await api.ask(query(rows));

  expect(plain.errors).toBeUndefined();
  expect(filtered.errors![0]).toMatchObject({
    message: 'The operation costs 59201; the limit is 50000. Ask for fewer rows or fields at a time.',
    extensions: { code: 'LIMIT_EXCEEDED' },
  });
});

test.each([
  ['exams(where: { kl: {} }) { id }', 'where.kl is empty; leave it out, or use isNull.'],
  ['exams(where: { kl: { eq: null } }) { id }', 'where.kl.eq is null; use isNull.'],
  [
    'exams(where: { variables: [{ name: "nothing", gte: 1 }] }) { id }',
    expect.stringContaining('nothing') as unknown as string,
  ],
])('a nested list with %s is refused', async (list, message) => {
  const { errors } = await api.ask(`{ participant(oaiId: "1000001") { ${list} } }`);

  expect(errors![0]!.message).toEqual(message);
});
