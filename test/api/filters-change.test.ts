import type { FeatureCode } from '../../src/domain/features.js';
import type { ReadingProject } from '../../src/domain/readings.js';
import {
  expectSelected,
  type FilterCase,
  has,
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

type Value = (known: Known) => number | null | undefined;

const grade =
  (code: FeatureCode): Value =>
  ({ exam }) =>
    exam.grades[code];
const read =
  (code: FeatureCode, project: ReadingProject): Value =>
  ({ readings }) =>
    readings.find((reading) => reading.project === project)?.grades[code];

/** The knee's values at two visits; null unless it has both. */
function pair({ exam }: Known, from: string, to: string, value: Value): [number, number] | null {
  const at = (code: string) => {
    const found = exams.find(
      (o) => o.exam.participantId === exam.participantId && o.exam.side === exam.side && o.visit.code === code,
    );
    return found && value(found);
  };
  const [earlier, later] = [at(from), at(to)];
  return earlier == null || later == null ? null : [earlier, later];
}

const changed = (from: string, to: string, value: Value, test: (change: number) => boolean) => (known: Known) =>
  has(pair(known, from, to, value), ([earlier, later]) => test(Math.round(10 * (later - earlier)) / 10));

const years4 = { from: 'V00', to: 'V06' };

const CASES: FilterCase[] = [
  ['worse by a grade', { klChange: { ...years4, gte: 1 } }, changed('V00', 'V06', grade('XRKL'), (d) => d >= 1)],
  ['no change', { klChange: { ...years4, eq: 0 } }, changed('V00', 'V06', grade('XRKL'), (d) => d === 0)],
  ['a change, either way', { klChange: { ...years4, ne: 0 } }, changed('V00', 'V06', grade('XRKL'), (d) => d !== 0)],
  ['a range', { klChange: { ...years4, gt: 0, lt: 3 } }, changed('V00', 'V06', grade('XRKL'), (d) => d > 0 && d < 3)],
  [
    'listed',
    { klChange: { ...years4, in: [-1, 2] } },
    changed('V00', 'V06', grade('XRKL'), (d) => d === -1 || d === 2),
  ],
  [
    'other visits',
    { klChange: { from: 'V03', to: 'V06', lte: -2 } },
    changed('V03', 'V06', grade('XRKL'), (d) => d <= -2),
  ],
  ['an unknown change', { klChange: { ...years4, isNull: true } }, (k) => !pair(k, 'V00', 'V06', grade('XRKL'))],
  ['a known change', { klChange: { ...years4, isNull: false } }, (k) => !!pair(k, 'V00', 'V06', grade('XRKL'))],
  [
    'not worse, or not known',
    { not: { klChange: { ...years4, gte: 1 } } },
    (k) => !changed('V00', 'V06', grade('XRKL'), (d) => d >= 1)(k),
  ],
  [
    'baseline exams of knees that got worse',
    { visit: { eq: 'V00' }, kl: { in: [2, 3] }, klChange: { ...years4, gte: 1 } },
    (k) =>
      k.visit.code === 'V00' &&
      has(grade('XRKL')(k), (v) => v === 2 || v === 3) &&
      changed('V00', 'V06', grade('XRKL'), (d) => d >= 1)(k),
  ],
  [
    'worse or with a new osteophyte',
    { or: [{ klChange: { ...years4, gte: 2 } }, { gradeChange: { feature: 'XROSTM', ...years4, gte: 2 } }] },
    (k) =>
      changed('V00', 'V06', grade('XRKL'), (d) => d >= 2)(k) ||
      changed('V00', 'V06', grade('XROSTM'), (d) => d >= 2)(k),
  ],
  [
    'one project at both visits',
    { klChange: { ...years4, project: 'PROJECT_37', gte: 1 } },
    changed('V00', 'V06', read('XRKL', '37'), (d) => d >= 1),
  ],
  [
    'not read by one project at both visits',
    { klChange: { ...years4, project: 'PROJECT_15', isNull: true } },
    (k) => !pair(k, 'V00', 'V06', read('XRKL', '15')),
  ],
  [
    'narrower, also within a grade',
    { gradeChange: { feature: 'XRJSM', ...years4, project: 'PROJECT_15', gt: 0 } },
    changed('V00', 'V06', read('XRJSM', '15'), (d) => d > 0),
  ],
  [
    'within-grade decimals, exactly',
    { gradeChange: { feature: 'XRJSM', ...years4, project: 'PROJECT_15', in: [0.4, -0.6] } },
    changed('V00', 'V06', read('XRJSM', '15'), (d) => d === 0.4 || d === -0.6),
  ],
  [
    'a score, exactly',
    { scoreChange: { score: 'WOMAC_PAIN', ...years4, eq: 0.1 } },
    changed(
      'V00',
      'V06',
      ({ exam }) => exam.womacPain,
      (d) => d === 0.1,
    ),
  ],
  [
    'a score that fell',
    { scoreChange: { score: 'KOOS_PAIN', ...years4, lt: 0 } },
    changed(
      'V00',
      'V06',
      ({ exam }) => exam.koosPain,
      (d) => d < 0,
    ),
  ],
  [
    'incident osteoarthritis',
    { incidentOa: years4 },
    (k) => has(pair(k, 'V00', 'V06', grade('XRKL')), ([earlier, later]) => earlier <= 1 && later >= 2),
  ],
  [
    'incident osteoarthritis in one project',
    { incidentOa: { ...years4, project: 'PROJECT_15' } },
    (k) => has(pair(k, 'V00', 'V06', read('XRKL', '15')), ([earlier, later]) => earlier <= 1 && later >= 2),
  ],
  [
    'progression',
    { klProgression: { from: 'V00', to: 'V03' } },
    (k) => has(pair(k, 'V00', 'V03', grade('XRKL')), ([earlier, later]) => earlier >= 2 && later > earlier),
  ],
  [
    'two periods of one knee',
    { and: [{ klChange: { from: 'V00', to: 'V03', lte: 0 } }, { klChange: { from: 'V03', to: 'V06', gte: 1 } }] },
    (k) =>
      changed('V00', 'V03', grade('XRKL'), (d) => d <= 0)(k) && changed('V03', 'V06', grade('XRKL'), (d) => d >= 1)(k),
  ],
  [
    'people with a knee that got worse',
    { participant: { exams: { some: { klChange: { ...years4, gte: 2 } } } } },
    (k) =>
      exams.some(
        (o) => o.participant.id === k.participant.id && changed('V00', 'V06', grade('XRKL'), (d) => d >= 2)(o),
      ),
  ],
];

test.each(CASES)('%s', (_name, where, expected) => expectSelected(api, exams, where, expected));

test('every filter case selects some exams and leaves others out', () => {
  expect(trivialCases(CASES, exams)).toEqual([]);
});

const REFUSED: [string, object, string][] = [
  [
    'a change back in time',
    { klChange: { from: 'V06', to: 'V00', gte: 1 } },
    'where.klChange.to must be a later visit than V06, got V00.',
  ],
  [
    'a change from a visit to itself',
    { incidentOa: { from: 'V03', to: 'V03' } },
    'where.incidentOa.to must be a later visit than V03, got V03.',
  ],
  ['a change of what amount', { klChange: years4 }, 'where.klChange needs a condition on the change, such as gte: 1.'],
  [
    'a comparison with null',
    { and: [{ gradeChange: { feature: 'XRJSL', ...years4, gt: null } }] },
    'where.and[0].gradeChange.gt is null; use isNull.',
  ],
  [
    'a project without a name',
    { klChange: { ...years4, gte: 1, project: 'PROJECT_42' } },
    `Variable "$where" got invalid value "PROJECT_42" at "where.klChange.project"; Value "PROJECT_42" does not exist in "ReadingChoice" enum. Did you mean the enum value "PROJECT_15" or "PROJECT_37"?`,
  ],
];

test.each(REFUSED)('%s is refused in one sentence', async (_name, where, message) => {
  const answer = await api.ask('query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }', { where });

  expect(answer.errors!.map((error) => error.message)).toEqual([message]);
  expect(answer.errors![0]!.extensions.code).toBe('BAD_USER_INPUT');
});
