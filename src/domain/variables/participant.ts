import { RACES, SEXES, STUDY_COHORTS } from '../participants.js';
import type { Variable } from './variable.js';

const OF_PARTICIPANT = { table: 'participant', group: 'participant' } as const;

/** What is known of a person at enrolment. */
export const PARTICIPANT_VARIABLES = [
  {
    ...OF_PARTICIPANT,
    code: 'sex',
    label: 'Sex',
    description: 'Sex as enrolled',
    domain: { kind: 'choice', enum: 'Sex', codes: SEXES, also: { M: 'MALE', F: 'FEMALE' } },
    sources: ['P02SEX', 'SEX', 'GENDER'],
    column: 'sex',
    uses: ['filter', 'order', 'facet', 'export', 'table'],
  },
  {
    ...OF_PARTICIPANT,
    code: 'race',
    label: 'Race',
    description: "Race in OAI's four groups",
    domain: {
      kind: 'choice',
      enum: 'Race',
      codes: RACES,
      // NDA's table has words where OAI's has codes.
      also: { WHITE: 'WHITE', 'BLACK OR AFRICAN AMERICAN': 'BLACK', ASIAN: 'ASIAN' },
    },
    sources: ['P02RACE', 'RACE'],
    column: 'race',
    uses: ['filter', 'order', 'facet', 'export', 'table'],
  },
  {
    ...OF_PARTICIPANT,
    code: 'hispanic',
    label: 'Hispanic',
    description: 'Whether Hispanic or Latino',
    domain: { kind: 'boolean' },
    sources: ['P02HISP'],
    column: 'hispanic',
    uses: ['filter', 'export'],
  },
  {
    ...OF_PARTICIPANT,
    code: 'cohort',
    label: 'Sub-cohort',
    description: 'Sub-cohort of the study',
    domain: { kind: 'choice', enum: 'StudyCohort', codes: STUDY_COHORTS },
    sources: ['V00COHORT', 'E_COHORT', 'COHORT'],
    column: 'cohort',
    uses: ['filter', 'order', 'facet', 'export', 'table'],
  },
  {
    ...OF_PARTICIPANT,
    code: 'site',
    label: 'Site',
    description: 'Clinical site, a letter A-E',
    domain: { kind: 'letter' },
    sources: ['V00SITE', 'SITE'],
    column: 'site',
    uses: ['filter', 'order', 'facet', 'export', 'table'],
  },
  {
    ...OF_PARTICIPANT,
    code: 'cohortHalf',
    label: 'Half of the cohort',
    description: 'Half of the cohort, 1 or 2: decides the image release letter',
    domain: { kind: 'integer', min: 1, max: 2, codes: { 1: 1, 2: 2 } },
    sources: ['V00CHRTHLF'],
    column: 'cohort_half',
    uses: ['filter', 'export'],
  },
] as const satisfies readonly Variable[];
