import type { FeatureCode } from '../../src/domain/features.js';
import { encodeId } from '../../src/domain/global-ids.js';
import {
  expectSelected,
  type FilterCase,
  has,
  hasFilm,
  hasMri,
  type Known,
  makeFilterExams,
  trivialCases,
} from '../helpers/filter-exams.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let exams: Known[];

beforeAll(async () => {
  api = await startTestServer();
  exams = await makeFilterExams(api);
});

afterAll(() => api.close());

const kl = ({ exam }: Known) => exam.grades.XRKL;
const grade = ({ exam }: Known, code: FeatureCode) => exam.grades[code];

const CASES: FilterCase[] = [
  ['nothing', null, () => true],
  ['an empty filter', {}, () => true],
  ['eq', { kl: { eq: 2 } }, (k) => kl(k) === 2],
  ['ne leaves out missing values', { kl: { ne: 2 } }, (k) => has(kl(k), (v) => v !== 2)],
  ['in', { kl: { in: [2, 3] } }, (k) => has(kl(k), (v) => v === 2 || v === 3)],
  ['an empty in', { kl: { in: [] } }, () => false],
  ['nin leaves out missing values', { kl: { nin: [0, 1] } }, (k) => has(kl(k), (v) => v > 1)],
  ['an empty nin', { kl: { nin: [] } }, (k) => kl(k) !== null],
  ['a range', { kl: { gt: 0, lte: 3 } }, (k) => has(kl(k), (v) => v > 0 && v <= 3)],
  ['gte and lt', { kl: { gte: 1, lt: 3 } }, (k) => has(kl(k), (v) => v >= 1 && v < 3)],
  ['isNull', { kl: { isNull: true } }, (k) => kl(k) === null],
  ['isNull false', { kl: { isNull: false } }, (k) => kl(k) !== null],
  [
    'any grade',
    { grades: { XROSTM: { gte: 2 }, XRJSM: { isNull: false } } },
    (k) => has(grade(k, 'XROSTM'), (v) => v >= 2) && grade(k, 'XRJSM') !== null,
  ],
  ['visit', { visit: { eq: 'V00' } }, ({ visit }) => visit.code === 'V00'],
  [
    'visits in order of time',
    { visit: { gt: 'V00', lte: 'V06' } },
    ({ visit }) => visit.code > 'V00' && visit.code <= 'V06',
  ],
  ['side', { side: { eq: 'LEFT' } }, ({ exam }) => exam.side === 'LEFT'],
  [
    'project of the preferred reading',
    { preferredProject: { eq: 'PROJECT_15' } },
    ({ exam }) => exam.preferredProject === '15',
  ],
  ['no preferred reading', { preferredProject: { isNull: true } }, ({ exam }) => exam.preferredProject === null],
  ['months after baseline', { month: { in: [24, 48] } }, ({ visit }) => visit.month === 24 || visit.month === 48],
  ['day of the visit', { date: { gte: '2005-01-01' } }, ({ visit }) => has(visit.date, (v) => v >= '2005-01-01')],
  ['age', { age: { gte: 60, lt: 70 } }, ({ visit }) => has(visit.age, (v) => v >= 60 && v < 70)],
  ['a real column compared with a decimal', { bmi: { eq: 27.3 } }, ({ visit }) => visit.bmi === 27.3],
  ['reals in a list', { bmi: { in: [27.3, 31.1] } }, ({ visit }) => has(visit.bmi, (v) => v === 27.3 || v === 31.1)],
  [
    'reals with bounds on the value',
    { bmi: { gte: 27.3, lte: 31.1 } },
    ({ visit }) => has(visit.bmi, (v) => v >= 27.3 && v <= 31.1),
  ],
  ['a number no real column holds', { bmi: { lt: 1e300 } }, ({ visit }) => visit.bmi !== null],
  ['womac', { womacPain: { gt: 4.5 } }, ({ exam }) => has(exam.womacPain, (v) => v > 4.5)],
  ['koos', { koosPain: { lte: 50 } }, ({ exam }) => has(exam.koosPain, (v) => v <= 50)],
  ['sex', { participant: { sex: { eq: 'FEMALE' } } }, ({ participant }) => participant.sex === 'FEMALE'],
  ['sex unknown', { participant: { sex: { isNull: true } } }, ({ participant }) => participant.sex === null],
  [
    'race and site',
    { participant: { race: { nin: ['WHITE'] }, site: { in: ['A', 'B'] } } },
    ({ participant: p }) => has(p.race, (v) => v !== 'WHITE') && has(p.site, (v) => v === 'A' || v === 'B'),
  ],
  ['phantom', { participant: { phantom: { eq: false } } }, ({ participant }) => !participant.phantom],
  [
    'text contains, case ignored',
    { radiographs: { some: { view: { contains: 'pa' } } } },
    ({ films }) => films.some(({ view }) => view.toLowerCase().includes('pa')),
  ],
  ['text contains, pattern characters as they are', { participant: { oaiId: { contains: '%' } } }, () => false],
  [
    'text contains a part of an id',
    { participant: { oaiId: { contains: '0001' } } },
    ({ participant }) => participant.oaiId.includes('0001'),
  ],
  ['has a radiograph', { hasRadiograph: true }, hasFilm],
  ['has no radiograph', { hasRadiograph: false }, (k) => !hasFilm(k)],
  ['has a real MRI', { hasMri: true }, hasMri],
  ['has no real MRI', { hasMri: false }, (k) => !hasMri(k)],
  [
    'and',
    { and: [{ kl: { gte: 2 } }, { side: { eq: 'RIGHT' } }] },
    (k) => has(kl(k), (v) => v >= 2) && k.exam.side === 'RIGHT',
  ],
  ['an empty and', { and: [] }, () => true],
  ['or', { or: [{ kl: { eq: 4 } }, { age: { lt: 50 } }] }, (k) => kl(k) === 4 || has(k.visit.age, (v) => v < 50)],
  ['an empty or', { or: [] }, () => false],
  ['not is the complement', { not: { kl: { eq: 2 } } }, (k) => kl(k) !== 2],
  [
    'not of a joined table',
    { not: { participant: { sex: { eq: 'MALE' } } } },
    ({ participant }) => participant.sex !== 'MALE',
  ],
  ['not of not', { not: { not: { kl: { gt: 1 } } } }, (k) => has(kl(k), (v) => v > 1)],
  [
    'not of or',
    { not: { or: [{ kl: { gt: 1 } }, { age: { gt: 60 } }] } },
    (k) => !(has(kl(k), (v) => v > 1) || has(k.visit.age, (v) => v > 60)),
  ],
  [
    'some reading',
    { readings: { some: { project: { eq: 'PROJECT_37' } } } },
    ({ readings }) => readings.some(({ project }) => project === '37'),
  ],
  [
    'no reading',
    { readings: { none: { project: { eq: 'PROJECT_37' } } } },
    ({ readings }) => !readings.some(({ project }) => project === '37'),
  ],
  [
    'every reading',
    { readings: { every: { kl: { gte: 2 } } } },
    ({ readings }) => readings.every(({ grades }) => has(grades.XRKL, (v) => v >= 2)),
  ],
  [
    'a within-grade decimal',
    { readings: { some: { grades: { XRJSM: { gt: 1, lt: 2 } } } } },
    ({ readings }) => readings.some(({ grades }) => has(grades.XRJSM, (v) => v > 1 && v < 2)),
  ],
  ['any reading at all', { readings: { exists: true } }, ({ readings }) => readings.length > 0],
  [
    'some generation',
    { generations: { some: { state: { in: ['SUCCEEDED'] }, psnr: { gte: 20 } } } },
    ({ generations }) => generations.some(({ state, psnr }) => state === 'SUCCEEDED' && has(psnr, (v) => v >= 20)),
  ],
  [
    'exams of a participant',
    { participant: { exams: { some: { kl: { eq: 4 }, visit: { eq: 'V06' } } } } },
    ({ participant }) =>
      exams.some((other) => other.participant.id === participant.id && kl(other) === 4 && other.visit.code === 'V06'),
  ],
  [
    'no visit of a participant',
    { participant: { visits: { none: { age: { gt: 70 } } } } },
    ({ participant }) =>
      !exams.some((other) => other.participant.id === participant.id && has(other.visit.age, (v) => v > 70)),
  ],
  [
    'everything together',
    {
      kl: { in: [1, 2, 3] },
      or: [{ hasMri: true }, { not: { readings: { some: { version: { eq: '0.8' } } } } }],
      participant: { cohort: { eq: 'INCIDENCE' } },
      age: { isNull: false },
    },
    (k) =>
      has(kl(k), (v) => v >= 1 && v <= 3) &&
      (hasMri(k) || !k.readings.some(({ version }) => version === '0.8')) &&
      k.participant.cohort === 'INCIDENCE' &&
      k.visit.age !== null,
  ],
];

test.each(CASES)('%s', (_name, where, expected) => expectSelected(api, exams, where, expected));

test('every filter case selects some exams and leaves others out, or is meant not to', () => {
  expect(trivialCases(CASES, exams)).toEqual([
    'nothing',
    'an empty filter',
    'an empty in',
    'text contains, pattern characters as they are',
    'an empty and',
    'an empty or',
  ]);
});

test('exams are found by their ids, and ids of other things are refused', async () => {
  const query = 'query ($id: ID!) { kneeExams(where: { id: { eq: $id } }) { nodes { id } } }';
  const id = encodeId('KneeExam', exams[7]!.exam.id);

  expect((await api.ask(query, { id })).data).toEqual({ kneeExams: { nodes: [{ id }] } });
  const refused = await api.ask(query, { id: encodeId('Visit', 1) });
  expect(refused.errors![0]).toMatchObject({
    message: 'where.id.eq must be the id of a KneeExam.',
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

test('generations are filtered by their exam and bundle', async () => {
  const answer = await api.ask<{ generations: { totalCount: number; nodes: { exam: { kl: number } }[] } }>(
    `{ generations(where: { exam: { kl: { gte: 2 } }, bundle: { name: { eq: "test-bundle" } } }, first: 200) {
      totalCount nodes { exam { kl } } } }`,
  );

  const wanted = exams.filter((known) => has(kl(known), (v) => v >= 2)).flatMap(({ generations }) => generations);
  expect(answer.data!.generations.totalCount).toBe(wanted.length);
  expect(answer.data!.generations.nodes.every(({ exam }) => exam.kl >= 2)).toBe(true);
});

const HOSTILE = [
  `'; DROP TABLE participant; --`,
  `" OR 1=1`,
  `%' OR '1'='1`,
  `$1`,
  `\\`,
  `\u2028`,
  `x'::text)) OR TRUE--`,
];

test.each(HOSTILE)('the text %j is a value and never SQL', async (text) => {
  const answer = await api.ask(
    'query ($text: String!) { participants(where: { or: [{ oaiId: { eq: $text } }, { oaiId: { contains: $text } }, { oaiId: { in: [$text] } }] }) { totalCount } }',
    { text },
  );

  expect(answer).toMatchObject({ errors: undefined, data: { participants: { totalCount: 0 } } });
});

test('text with U+0000, which PostgreSQL cannot hold, is refused in one sentence', async () => {
  const answer = await api.ask('query ($t: String!) { participants(where: { oaiId: { eq: $t } }) { totalCount } }', {
    t: 'a\0b',
  });

  expect(answer.errors![0]!.message).toBe('where.oaiId.eq must be text without the character U+0000.');
});

test('a filter nested or widened beyond its bounds is refused', async () => {
  const query = 'query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }';
  let deep: object = { kl: { eq: 1 } };
  for (let level = 0; level < 20; level++) deep = { not: deep };
  const wide = { or: Array.from({ length: 300 }, (_, index) => ({ age: { eq: index } })) };

  const answers = [await api.ask(query, { where: deep }), await api.ask(query, { where: wide })];

  expect(answers.map(({ errors }) => errors![0]!.extensions.code)).toEqual(['LIMIT_EXCEEDED', 'LIMIT_EXCEEDED']);
});
