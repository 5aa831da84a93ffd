import { encodeId } from '../../src/domain/global-ids.js';
import type { Reading } from '../../src/entities/index.js';
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
const ofProject = ({ readings }: Known, project: string | null): Reading | undefined =>
  readings.find((reading) => reading.project === project);
const ofKnee = ({ exam }: Known) =>
  exams.filter((other) => other.exam.participantId === exam.participantId && other.exam.side === exam.side);
const ofVisit = ({ visit }: Known) => exams.filter((other) => other.visit.id === visit.id);
const ofParticipant = ({ participant }: Known) => exams.filter((other) => other.participant.id === participant.id);

const CASES: FilterCase[] = [
  [
    'the reading of one project',
    { reading: { project: 'PROJECT_15', kl: { gte: 2 } } },
    (k) => has(ofProject(k, '15')?.grades.XRKL, (v) => v >= 2),
  ],
  ['an exam that one project has read', { reading: { project: 'PROJECT_37' } }, (k) => !!ofProject(k, '37')],
  [
    'an exam that one project has not read',
    { not: { reading: { project: 'PROJECT_37' } } },
    (k) => !ofProject(k, '37'),
  ],
  [
    'the preferred reading, unless a project is named',
    { reading: { grades: { XRJSM: { gt: 1, lt: 2 } } } },
    (k) => has(ofProject(k, k.exam.preferredProject)?.grades.XRJSM, (v) => v > 1 && v < 2),
  ],
  [
    'alternatives within one reading',
    { reading: { project: 'PROJECT_15', or: [{ kl: { eq: 4 } }, { version: { eq: '0.9' } }] } },
    (k) => has(ofProject(k, '15'), ({ grades, version }) => grades.XRKL === 4 || version === '0.9'),
  ],
  [
    'the code of a missing grade',
    { readings: { some: { missing: { XRKL: { eq: '.P' } } } } },
    ({ readings }) => readings.some(({ missing }) => missing.XRKL === '.P'),
  ],
  [
    'a missing grade for any other reason than a prosthesis',
    { reading: { project: 'PROJECT_15', missing: { XRKL: { ne: '.P' } } } },
    (k) => has(ofProject(k, '15')?.missing.XRKL, (v) => v !== '.P'),
  ],
  ['has a film and a real MRI', { hasPairedMri: true }, (k) => hasFilm(k) && hasMri(k)],
  ['lacks a film or a real MRI', { hasPairedMri: false }, (k) => !(hasFilm(k) && hasMri(k))],
  ['the negation of a pair', { not: { hasPairedMri: true } }, (k) => !(hasFilm(k) && hasMri(k))],
  [
    'some film, of one knee or of both',
    { radiographs: { some: { rows: { isNull: false } } } },
    ({ films }) => films.some(({ rows }) => rows !== null),
  ],
  [
    'a stored film of both knees',
    { radiographs: { some: { bilateral: true, stored: true } } },
    ({ films }) => films.some(({ visitId, assetId }) => visitId !== null && assetId !== null),
  ],
  [
    'every film stored',
    { radiographs: { every: { stored: true } } },
    ({ films }) => films.every(({ assetId }) => assetId !== null),
  ],
  [
    'some real series',
    { mriSeries: { some: { sliceCount: { gte: 1 } } } },
    ({ series }) => series.some(({ synthetic }) => !synthetic),
  ],
  ['no real series', { mriSeries: { exists: false } }, ({ series }) => series.every(({ synthetic }) => synthetic)],
  [
    'a real series by plane and spacing',
    { mriSeries: { some: { plane: { eq: 'CORONAL' }, sliceSpacing: { lte: 0.7 } } } },
    ({ series }) => series.some((s) => !s.synthetic && s.plane === 'CORONAL' && has(s.sliceSpacing, (v) => v <= 0.7)),
  ],
  [
    'generated series, asked for',
    { mriSeries: { some: { synthetic: { eq: true } } } },
    ({ series }) => series.some(({ synthetic }) => synthetic),
  ],
  [
    'any series, both kinds asked for',
    { mriSeries: { some: { synthetic: { isNull: false } } } },
    ({ series }) => series.length > 0,
  ],
  [
    'generated series, asked for within not',
    { mriSeries: { some: { and: [{ not: { synthetic: { eq: false } } }] } } },
    ({ series }) => series.some(({ synthetic }) => synthetic),
  ],
  [
    'the other knee',
    { kl: { gte: 2 }, otherKnee: { kl: { lte: 1 } } },
    (k) => has(kl(k), (v) => v >= 2) && ofVisit(k).some((o) => o !== k && has(kl(o), (v) => v <= 1)),
  ],
  [
    'the same knee at other visits',
    { sameKnee: { some: { visit: { gt: 'V00' }, kl: { eq: 4 } } } },
    (k) => ofKnee(k).some((o) => o.visit.code > 'V00' && kl(o) === 4),
  ],
  [
    'every exam of the same knee',
    { sameKnee: { every: { kl: { isNull: false } } } },
    (k) => ofKnee(k).every((o) => kl(o) !== null),
  ],
  [
    'no exam of the same knee',
    { sameKnee: { none: { kl: { gte: 3 } } } },
    (k) => !ofKnee(k).some((o) => has(kl(o), (v) => v >= 3)),
  ],
  [
    'both knees at one visit',
    { participant: { visits: { some: { code: { eq: 'V03' }, exams: { every: { kl: { lte: 2 } } } } } } },
    (k) => {
      const then = ofParticipant(k).filter((o) => o.visit.code === 'V03');
      return then.length > 0 && then.every((o) => has(kl(o), (v) => v <= 2));
    },
  ],
  [
    'relations four deep',
    {
      participant: {
        exams: { some: { sameKnee: { some: { readings: { some: { kl: { eq: 4 } } }, kl: { eq: 3 } } } } },
      },
    },
    (k) => ofParticipant(k).some((o) => kl(o) === 3 && o.readings.some(({ grades }) => grades.XRKL === 4)),
  ],
  [
    'none within every within some',
    { participant: { visits: { some: { exams: { every: { readings: { none: { kl: { gte: 3 } } } } } } } } },
    (k) =>
      ofParticipant(k).some((o) =>
        ofVisit(o).every(({ readings }) => !readings.some(({ grades }) => has(grades.XRKL, (v) => v >= 3))),
      ),
  ],
];

test.each(CASES)('%s', (_name, where, expected) => expectSelected(api, exams, where, expected));

test('every filter case selects some exams and leaves others out', () => {
  expect(trivialCases(CASES, exams)).toEqual([]);
});

test('participants are found by what their knees have', async () => {
  const answer = await api.ask<{ participants: { nodes: { id: string }[] } }>(
    `{ participants(first: 200, where: { visits: { some: { radiographs: { some: { bilateral: true } } } } }) { nodes { id } } }`,
  );

  const wanted = exams.filter(({ films }) => films.some(({ visitId }) => visitId !== null));
  expect(answer.data!.participants.nodes.map(({ id }) => id)).toEqual([
    ...new Set(wanted.map(({ participant }) => encodeId('Participant', participant.id))),
  ]);
});

const REFUSED: [string, object, string][] = [
  [
    'an empty relation value',
    { readings: { some: null } },
    'where.readings.some is null; leave it out, or use exists.',
  ],
  [
    'many relations in one another',
    deepExams(4),
    'where.participant.exams.some.participant.exams.some.participant.exams.some.participant.exams.some: the filter ' +
      'costs 69904 up to here and the limit is 5000; nest fewer relations to many rows in one another, or put fewer ' +
      'conditions on them.',
  ],
];

test.each(REFUSED)('%s is refused in one sentence', async (_name, where, message) => {
  const answer = await api.ask('query ($where: KneeExamFilter) { kneeExams(where: $where) { totalCount } }', { where });

  expect(answer.errors!.map((error) => error.message)).toEqual([message]);
});

function deepExams(levels: number): object {
  return levels === 0 ? { kl: { eq: 4 } } : { participant: { exams: { some: deepExams(levels - 1) } } };
}
