import { FEATURES } from '../../domain/features.js';
import { GENERATION_STATES } from '../../domain/generations.js';
import { RACES, SEXES, SIDES, STUDY_COHORTS } from '../../domain/participants.js';
import { READING_PROJECTS } from '../../domain/readings.js';
import { VISIT_CODES } from '../../domain/visits.js';
import { column } from './table.js';
import type { ColumnField, Table } from './table.js';

const SEX = { kind: 'choice', of: Object.values(SEXES) } as const;
const RACE = { kind: 'choice', of: Object.values(RACES) } as const;
const STUDY_COHORT = { kind: 'choice', of: Object.values(STUDY_COHORTS) } as const;
const SIDE = { kind: 'choice', of: Object.values(SIDES) } as const;
const VISIT_CODE = { kind: 'choice', of: VISIT_CODES } as const;
const PROJECT = { kind: 'choice', of: READING_PROJECTS } as const;
const PLANE = { kind: 'choice', of: ['CORONAL', 'SAGITTAL', 'AXIAL'] } as const;
const STATE = { kind: 'choice', of: GENERATION_STATES } as const;

export const PARTICIPANTS: Table = {
  name: 'participant',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Participant' }, 'id'),
    oaiId: column('text', 'oai_id'),
    sex: column(SEX, 'sex'),
    race: column(RACE, 'race'),
    hispanic: column('boolean', 'hispanic'),
    cohort: column(STUDY_COHORT, 'cohort'),
    site: column('text', 'site'),
    cohortHalf: column('integer', 'cohort_half'),
    phantom: column('boolean', 'phantom'),
    visits: { kind: 'many', table: () => VISITS, on: (parent, child) => `${child}.participant_id = ${parent}.id` },
    exams: { kind: 'many', table: () => KNEE_EXAMS, on: (parent, child) => `${child}.participant_id = ${parent}.id` },
  },
};

export const VISITS: Table = {
  name: 'visit',
  joins: {},
  fields: {
    code: column(VISIT_CODE, 'code'),
    month: column('integer', 'month'),
    date: column('date', 'date'),
    age: column('integer', 'age'),
    bmi: column('real', 'bmi'),
  },
};

export const READINGS: Table = {
  name: 'reading',
  joins: {},
  fields: {
    project: column(PROJECT, 'project'),
    version: column('text', 'version'),
    kl: column('integer', 'xrkl'),
    grades: { kind: 'group', fields: gradeColumns('real') },
  },
};

export const RADIOGRAPHS: Table = {
  name: 'radiograph',
  joins: {},
  fields: {
    barcode: column('text', 'barcode'),
    view: column('text', 'view'),
    date: column('date', 'date'),
    stored: { kind: 'flag', sql: (film) => `(${film}.asset_id IS NOT NULL)` },
  },
};

export const MRI_SERIES: Table = {
  name: 'mri_series',
  joins: {},
  fields: {
    barcode: column('text', 'barcode'),
    sequence: column('text', 'sequence'),
    plane: column(PLANE, 'plane'),
    date: column('date', 'date'),
    sliceCount: column('integer', 'slice_count'),
    stored: { kind: 'flag', sql: (series) => `(${series}.asset_id IS NOT NULL)` },
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
    kl: column('integer', 'xrkl'),
    grades: { kind: 'group', fields: gradeColumns('integer') },
    visit: column(VISIT_CODE, 'code', 'visit'),
    side: column(SIDE, 'side'),
    consensusProject: column(PROJECT, 'consensus_project'),
    participant: { kind: 'one', join: 'participant' },
    age: column('integer', 'age', 'visit'),
    bmi: column('real', 'bmi', 'visit'),
    womacPain: column('real', 'womac_pain'),
    womacDisability: column('real', 'womac_disability'),
    womacStiffness: column('real', 'womac_stiffness'),
    womacTotal: column('real', 'womac_total'),
    koosPain: column('real', 'koos_pain'),
    hasRadiograph: {
      kind: 'flag',
      sql: (exam) =>
        `(EXISTS (SELECT 1 FROM radiograph f WHERE f.visit_id = ${exam}.visit_id AND f.asset_id IS NOT NULL)` +
        ` OR EXISTS (SELECT 1 FROM radiograph f WHERE f.exam_id = ${exam}.id AND f.asset_id IS NOT NULL))`,
    },
    hasMri: {
      kind: 'flag',
      sql: (exam) =>
        `EXISTS (SELECT 1 FROM mri_series m WHERE m.exam_id = ${exam}.id AND NOT m.synthetic AND m.asset_id IS NOT NULL)`,
    },
    radiographs: {
      kind: 'many',
      table: () => RADIOGRAPHS,
      on: (exam, film) => `(${film}.visit_id = ${exam}.visit_id OR ${film}.exam_id = ${exam}.id)`,
    },
    mriSeries: {
      kind: 'many',
      table: () => MRI_SERIES,
      on: (exam, series) => `${series}.exam_id = ${exam}.id AND NOT ${series}.synthetic`,
    },
    readings: { kind: 'many', table: () => READINGS, on: (parent, child) => `${child}.exam_id = ${parent}.id` },
    generations: { kind: 'many', table: () => GENERATIONS, on: (parent, child) => `${child}.exam_id = ${parent}.id` },
  },
};

export const BUNDLES: Table = {
  name: 'bundle',
  joins: {},
  fields: { name: column('text', 'name'), version: column('text', 'version') },
};

export const GENERATIONS: Table = {
  name: 'generation',
  joins: {
    exam: { table: () => KNEE_EXAMS, on: (generation, exam) => `${exam}.id = ${generation}.exam_id` },
    bundle: { table: () => BUNDLES, on: (generation, bundle) => `${bundle}.id = ${generation}.bundle_id` },
  },
  fields: {
    id: column({ kind: 'id', of: 'Generation' }, 'id'),
    state: column(STATE, 'state'),
    exam: { kind: 'one', join: 'exam' },
    bundle: { kind: 'one', join: 'bundle' },
    sliceCount: column('integer', 'slice_count'),
    steps: column('integer', 'steps'),
    seed: column('integer', 'seed'),
    clientKey: column('text', 'client_key'),
    psnr: column('double', 'psnr'),
    ssim: column('double', 'ssim'),
    rssim: column('double', 'rssim'),
    createdAt: column('timestamp', 'created_at'),
    finishedAt: column('timestamp', 'finished_at'),
  },
};

/** One field per feature, named by its code; joint space narrowing of a reading has decimals. */
function gradeColumns(narrowing: 'integer' | 'real'): Record<string, ColumnField> {
  return Object.fromEntries(
    FEATURES.map(({ code, decimals }) => [code, column(decimals ? narrowing : 'integer', code.toLowerCase())]),
  );
}
