import { COMMAND_LINE, type Principal } from '../../src/policy/index.js';
import {
  mayAnswerSession,
  mayChangeCohort,
  mayGenerateFromUpload,
  mayManageStudy,
  mayReadCohort,
  mayReadExport,
  mayReadUpload,
  maySeeStudyResults,
  requireOwnWork,
  requirePriority,
  requireRole,
  seesEverybodys,
} from '../../src/policy/index.js';

const ANN = 1;
const principal = (tokenId: number, role: Principal['role']): Principal => ({
  ...{ tokenId, name: 'somebody', role, project: null },
});
const WHO = {
  owner: principal(ANN, 'READER'),
  'another operator': principal(2, 'OPERATOR'),
  administrator: principal(3, 'ADMIN'),
  'command line': COMMAND_LINE,
};
const OF_ANN = { ownerId: ANN, requestedById: ANN, createdById: ANN, readerId: ANN, state: 'OPEN' };
const OF_NO_TOKEN = { ownerId: null, requestedById: null, createdById: null, readerId: null, state: 'OPEN' };

type Outcomes = Record<keyof typeof WHO, boolean>;
const outcomes = (rule: (who: Principal) => boolean) =>
  Object.fromEntries(Object.entries(WHO).map(([name, who]) => [name, rule(who)])) as Outcomes;
const expected = (owner: boolean, another: boolean, administrator: boolean, commandLine: boolean): Outcomes => ({
  ...{ owner, 'another operator': another, administrator, 'command line': commandLine },
});

const passes = (rule: () => void) => {
  try {
    rule();
    return true;
  } catch {
    return false;
  }
};

test.each<[string, (who: Principal) => boolean, Outcomes]>([
  ['list what everybody owns', (who) => seesEverybodys(who), expected(false, false, true, true)],
  ['change a cohort', (who) => mayChangeCohort(OF_ANN, who), expected(true, false, true, true)],
  [
    'change a cohort of the command line',
    (who) => mayChangeCohort(OF_NO_TOKEN, who),
    expected(false, false, true, true),
  ],
  [
    'read a private cohort',
    (who) => mayReadCohort({ ...OF_ANN, visibility: 'PRIVATE' }, who),
    expected(true, false, true, true),
  ],
  [
    'read a cohort that is shared by link',
    (who) => mayReadCohort({ ...OF_ANN, visibility: 'LINK' }, who),
    expected(true, true, true, true),
  ],
  [
    'read a cohort for every reader',
    (who) => mayReadCohort({ ...OF_ANN, visibility: 'READERS' }, who),
    expected(true, true, true, true),
  ],
  [
    'delete a generation',
    (who) => passes(() => requireOwnWork(OF_ANN, who, 'deleteGeneration')),
    expected(true, false, true, true),
  ],
  ['put work ahead of others', (who) => passes(() => requirePriority(1, who)), expected(false, false, true, true)],
  ['let others go first', (who) => passes(() => requirePriority(-1, who)), expected(true, true, true, true)],
  ['read an upload', (who) => mayReadUpload(OF_ANN, who), expected(true, false, true, true)],
  ['generate from an upload', (who) => mayGenerateFromUpload(OF_ANN, who), expected(true, false, false, false)],
  [
    'generate from an upload of nobody',
    (who) => mayGenerateFromUpload(OF_NO_TOKEN, who),
    expected(false, false, false, false),
  ],
  ['read an export', (who) => mayReadExport(OF_ANN, who), expected(true, false, true, true)],
  ['manage a reader study', (who) => mayManageStudy(OF_ANN, who), expected(true, false, true, true)],
  ['answer a trial of a session', (who) => mayAnswerSession(OF_ANN, who), expected(true, false, false, false)],
  [
    'see results without reading the study',
    (who) => maySeeStudyResults(OF_ANN, undefined, who),
    expected(true, false, true, true),
  ],
  [
    'see results while reading the study',
    (who) => maySeeStudyResults(OF_ANN, { finished: false }, who),
    expected(false, false, false, false),
  ],
  [
    'see results having read the study',
    (who) => maySeeStudyResults(OF_ANN, { finished: true }, who),
    expected(true, true, true, true),
  ],
  [
    'see results of a closed study left unfinished',
    (who) => maySeeStudyResults({ ...OF_ANN, state: 'CLOSED' }, { finished: false }, who),
    expected(true, true, true, true),
  ],
  [
    'see results of a closed study never begun',
    (who) => maySeeStudyResults({ ...OF_ANN, state: 'CLOSED' }, undefined, who),
    expected(true, false, true, true),
  ],
])('who may %s', (_verb, rule, wanted) => {
  expect(outcomes(rule)).toEqual(wanted);
});

test.each([
  ['SUMMARY', ['SUMMARY']],
  ['READER', ['SUMMARY', 'READER']],
  ['OPERATOR', ['SUMMARY', 'READER', 'OPERATOR']],
  ['ADMIN', ['SUMMARY', 'READER', 'OPERATOR', 'ADMIN']],
] as const)('a token of role %s has the roles %j', (held, included) => {
  const has = (['SUMMARY', 'READER', 'OPERATOR', 'ADMIN'] as const).filter((needed) => {
    try {
      requireRole(principal(1, held), needed, 'This');
      return true;
    } catch {
      return false;
    }
  });

  expect(has).toEqual(included);
});

test('who lacks a role is told which one is needed and which one the token has', () => {
  expect(() => requireRole(principal(1, 'READER'), 'OPERATOR', 'Uploading')).toThrow(
    expect.objectContaining({
      code: 'FORBIDDEN',
      message: 'Uploading needs the role OPERATOR; this token has READER.',
    }),
  );
});
