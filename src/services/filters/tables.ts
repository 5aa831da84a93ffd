import { droppedSql, standingSql } from '../../entities/index.js';
import { FEATURES } from '../../domain/features.js';
import { GENERATION_STATES } from '../../domain/generations.js';
import { KNEES_SQL } from '../../domain/knees.js';
import { SIDES } from '../../domain/participants.js';
import { PREFERRED, READING_PROJECTS } from '../../domain/readings.js';
import { enumName, variablesOf } from '../../domain/variables/index.js';
import { VISIT_CODES } from '../../domain/visits.js';
import { TASK_NAMES } from '../../inference/index.js';
import { BUNDLES } from './bundle-table.js';
import { sameKnee } from './change.js';
import { hasMri, hasRadiograph, MRI_SERIES, RADIOGRAPHS, UNLESS_OF_SERIES } from './image-tables.js';
import { JOINT_OUTCOMES, KNEE_OUTCOME } from './outcome-table.js';
import { gradeColumns, READINGS } from './reading-table.js';
import { DROPPED, UNLESS_DROPPED } from './dropped.js';
import { column } from './table.js';
import { tagsBy } from './tag-table.js';
import type { ChangeField, Measure, Table } from './table.js';
import { variableColumns } from './variables.js';

const SIDE = { kind: 'choice', of: Object.values(SIDES) } as const;
const VISIT_CODE = { kind: 'choice', of: VISIT_CODES } as const;
const PROJECT = { kind: 'choice', of: READING_PROJECTS } as const;
const TASK = { kind: 'choice', of: TASK_NAMES } as const;
const STATE = { kind: 'choice', of: GENERATION_STATES } as const;

export const PARTICIPANTS: Table = {
  name: 'participant',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Participant' }, 'id'),
    oaiId: column('text', 'oai_id'),
    ...variableColumns('participant'),
    variables: { kind: 'variables', of: 'participant' },
    phantom: column('boolean', 'phantom'),
    dropped: DROPPED,
    visits: {
      kind: 'many',
      rows: 12,
      table: () => VISITS,
      on: [(participant, visit) => `${visit}.participant_id = ${participant}.id`],
    },
    exams: {
      kind: 'many',
      rows: 16,
      table: () => KNEE_EXAMS,
      on: [(participant, exam) => `${exam}.participant_id = ${participant}.id`],
    },
    knees: {
      kind: 'many',
      rows: 2,
      table: () => KNEES,
      on: [(participant, knee) => `${knee}.participant_id = ${participant}.id`],
    },
    jointOutcomes: {
      kind: 'many',
      rows: 4,
      table: () => JOINT_OUTCOMES,
      on: [(participant, outcome) => `${outcome}.participant_id = ${participant}.id`],
    },
  },
};

export const VISITS: Table = {
  name: 'visit',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Visit' }, 'id'),
    code: column(VISIT_CODE, 'code'),
    month: column('integer', 'month'),
    dropped: DROPPED,
    ...variableColumns('visit'),
    variables: { kind: 'variables', of: 'visit' },
    exams: { kind: 'many', rows: 2, table: () => KNEE_EXAMS, on: [(visit, exam) => `${exam}.visit_id = ${visit}.id`] },
    radiographs: {
      kind: 'many',
      rows: 2,
      table: () => RADIOGRAPHS,
      on: [(visit, film) => `${film}.visit_id = ${visit}.id`],
      unless: [UNLESS_DROPPED],
    },
  },
};

const GRADE_MEASURES = Object.fromEntries(
  FEATURES.map(({ code }): [string, Measure] => [code, { column: code.toLowerCase(), inReadings: true }]),
);

/** Conditions on a knee at two visits, of its exams as of the knee itself. */
const CHANGES: Record<string, ChangeField> = {
  klChange: { kind: 'change', measure: GRADE_MEASURES['XRKL']! },
  gradeChange: { kind: 'change', measure: { by: 'feature', measures: GRADE_MEASURES } },
  scoreChange: {
    kind: 'change',
    measure: {
      by: 'score',
      measures: Object.fromEntries(
        variablesOf('knee_exam', 'change').map((variable): [string, Measure] => [
          enumName(variable),
          { column: variable.column, inReadings: false },
        ]),
      ),
    },
  },
  incidentOa: {
    kind: 'change',
    measure: GRADE_MEASURES['XRKL']!,
    rule: (earlier, later) => `${earlier} <= 1 AND ${later} >= 2`,
  },
  klProgression: {
    kind: 'change',
    measure: GRADE_MEASURES['XRKL']!,
    rule: (earlier, later) => `${earlier} >= 2 AND ${later} > ${earlier}`,
  },
};

export const KNEE_EXAMS: Table = {
  name: 'knee_exam',
  joins: {
    visit: { table: () => VISITS, on: (exam, visit) => `${visit}.id = ${exam}.visit_id` },
    participant: { table: () => PARTICIPANTS, on: (exam, participant) => `${participant}.id = ${exam}.participant_id` },
  },
  fields: {
    id: column({ kind: 'id', of: 'KneeExam' }, 'id'),
    /** What `inCohort` of a static cohort becomes; not in the API's filter. */
    membership: {
      kind: 'many',
      rows: 1,
      table: () => COHORT_MEMBERS,
      on: [(exam, member) => `${member}.exam_id = ${exam}.id`],
    },
    kl: column('integer', 'xrkl'),
    grades: { kind: 'group', fields: gradeColumns('integer') },
    visit: column(VISIT_CODE, 'visit_code'),
    month: column('integer', 'month', 'visit'),
    side: column(SIDE, 'side'),
    preferredProject: column(PROJECT, 'preferred_project'),
    participant: { kind: 'one', join: 'participant' },
    ...variableColumns('visit', 'visit'),
    ...variableColumns('knee_exam'),
    variables: { kind: 'variables', of: 'knee_exam' },
    comparisons: { kind: 'comparisons' },
    dropped: {
      kind: 'flag',
      sql: (exam) => `EXISTS (SELECT 1 FROM visit w WHERE w.id = ${exam}.visit_id AND ${droppedSql('w')})`,
    },
    hasRadiograph: { kind: 'flag', sql: hasRadiograph },
    hasMri: { kind: 'flag', sql: hasMri },
    hasPairedMri: { kind: 'flag', sql: (exam) => `(${hasRadiograph(exam)} AND ${hasMri(exam)})` },
    ...CHANGES,
    reading: {
      kind: 'maybe',
      table: () => READINGS,
      on: (exam, reading) => `${reading}.exam_id = ${exam}.id`,
      choice: {
        by: 'project',
        default: PREFERRED,
        choices: {
          [PREFERRED]: (exam, reading) => `${reading}.project = ${exam}.preferred_project`,
          ...Object.fromEntries(
            READING_PROJECTS.map((project) => [
              project,
              (_: string, reading: string) => `${reading}.project = '${project}' AND ${standingSql(reading)}`,
            ]),
          ),
        },
      },
    },
    outcome: KNEE_OUTCOME,
    otherKnee: {
      kind: 'maybe',
      table: () => KNEE_EXAMS,
      on: (exam, other) => `${other}.visit_id = ${exam}.visit_id AND ${other}.side <> ${exam}.side`,
    },
    sameKnee: { kind: 'many', rows: 8, table: () => KNEE_EXAMS, on: [sameKnee] },
    radiographs: {
      kind: 'many',
      rows: 2,
      table: () => RADIOGRAPHS,
      // A film shows the knee it belongs to, or both knees of the visit it belongs to.
      on: [(exam, film) => `${film}.visit_id = ${exam}.visit_id`, (exam, film) => `${film}.exam_id = ${exam}.id`],
      unless: [UNLESS_DROPPED],
    },
    mriSeries: {
      kind: 'many',
      rows: 8,
      table: () => MRI_SERIES,
      on: [(exam, series) => `${series}.exam_id = ${exam}.id`],
      unless: UNLESS_OF_SERIES,
    },
    readings: {
      kind: 'many',
      rows: 2,
      table: () => READINGS,
      on: [(exam, reading) => `${reading}.exam_id = ${exam}.id`],
      unless: [UNLESS_DROPPED],
    },
    generations: {
      kind: 'many',
      rows: 8,
      table: () => GENERATIONS,
      on: [(exam, generation) => `${generation}.exam_id = ${exam}.id`],
    },
    tags: tagsBy('exam_id'),
  },
};

/** Both knees of every participant, examined or not. */
export const KNEES: Table = {
  name: KNEES_SQL,
  joins: {
    participant: { table: () => PARTICIPANTS, on: (knee, participant) => `${participant}.id = ${knee}.participant_id` },
  },
  fields: {
    id: column({ kind: 'id', of: 'Knee' }, 'id'),
    side: column(SIDE, 'side'),
    participant: { kind: 'one', join: 'participant' },
    exams: { kind: 'many', rows: 8, table: () => KNEE_EXAMS, on: [sameKnee] },
    ...CHANGES,
    outcome: KNEE_OUTCOME,
    otherKnee: {
      kind: 'maybe',
      table: () => KNEES,
      on: (knee, other) => `${other}.participant_id = ${knee}.participant_id AND ${other}.side <> ${knee}.side`,
    },
  },
};

const COHORT_MEMBERS: Table = {
  name: 'cohort_member',
  joins: {},
  fields: { version: column('integer', 'version_id') },
};

export const GENERATIONS: Table = {
  name: 'generation',
  joins: {
    bundle: { table: () => BUNDLES, on: (generation, bundle) => `${bundle}.id = ${generation}.bundle_id` },
  },
  fields: {
    id: column({ kind: 'id', of: 'Generation' }, 'id'),
    state: column(STATE, 'state'),
    exam: {
      kind: 'maybe',
      table: () => KNEE_EXAMS,
      on: (generation, exam) => `${exam}.id = ${generation}.exam_id`,
    },
    upload: column({ kind: 'id', of: 'UploadedRadiograph' }, 'upload_id'),
    /** The upload that it was made from, with its owner; not in the API's filter. */
    uploaded: {
      kind: 'maybe',
      table: () => UPLOADS,
      on: (generation, upload) => `${upload}.id = ${generation}.upload_id`,
    },
    bundle: { kind: 'one', join: 'bundle' },
    task: column(TASK, 'task'),
    sliceCount: column('integer', 'slice_count'),
    steps: column('integer', 'steps'),
    seed: column('integer', 'seed'),
    key: column('text', 'key'),
    batch: column({ kind: 'id', of: 'Batch' }, 'batch_id'),
    clientKey: column('text', 'client_key'),
    psnr: column('double', 'psnr'),
    ssim: column('double', 'ssim'),
    rssim: column('double', 'rssim'),
    createdAt: column('timestamp', 'created_at'),
    finishedAt: column('timestamp', 'finished_at'),
    tags: tagsBy('generation_id'),
  },
};

export const UPLOADS: Table = {
  name: 'uploaded_radiograph',
  joins: {},
  fields: {
    /** Key of the owner's token. */
    owner: column('integer', 'owner_id'),
  },
};

export const MASKS: Table = {
  name: 'uploaded_mask',
  joins: {},
  fields: {
    /** Key of the owner's token. */
    owner: column('integer', 'owner_id'),
  },
};

export const AUDIT_ENTRIES: Table = {
  name: 'audit_entry',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'AuditEntry' }, 'id'),
    at: column('timestamp', 'at'),
    action: column('text', 'action'),
    target: column('text', 'target'),
    /** Key of the token that did it. */
    token: column({ kind: 'id', of: 'ApiToken' }, 'token_id'),
  },
};
