import type { Variable } from './variable.js';

const OF_VISIT = { table: 'visit', group: 'visit' } as const;
const OF_QUESTIONNAIRE = {
  table: 'visit',
  group: 'scores',
  uses: ['filter', 'order', 'measure', 'export', 'table'],
} as const;

/** What is known of a person at a visit. KOOS asks for sports and quality of life once, of both knees together. */
export const VISIT_VARIABLES = [
  {
    ...OF_VISIT,
    code: 'date',
    label: 'Date',
    description: 'Day of the visit',
    domain: { kind: 'date' },
    sources: ['{v}EVDATE', '{v}FVDATE', 'P01SVDATE'],
    column: 'date',
    exportName: 'visit_date',
    uses: ['filter', 'order', 'export', 'table'],
  },
  {
    ...OF_VISIT,
    code: 'age',
    label: 'Age',
    description: 'Age at the visit',
    unit: 'years',
    domain: { kind: 'integer', min: 0, max: 120 },
    sources: ['{v}AGE', '{v}AGEYEARS'],
    column: 'age',
    uses: ['filter', 'order', 'measure', 'export', 'table'],
  },
  {
    ...OF_VISIT,
    code: 'bmi',
    label: 'BMI',
    description: 'Body mass index at the visit',
    unit: 'kg/m²',
    domain: { kind: 'real', min: 5, max: 150 },
    sources: ['P01BMI', '{v}BMI'],
    column: 'bmi',
    uses: ['filter', 'order', 'measure', 'export', 'table'],
  },
] as const satisfies readonly Variable[];

/** Scores of the person, not of one knee. */
export const PERSON_SCORES = [
  {
    ...OF_QUESTIONNAIRE,
    code: 'koosQualityOfLife',
    label: 'KOOS quality of life',
    description: 'KOOS quality of life, of both knees together, 0 (worst) to 100',
    domain: { kind: 'real', min: 0, max: 100 },
    sources: ['{v}KOOSQOL'],
    column: 'koos_quality_of_life',
  },
  {
    ...OF_QUESTIONNAIRE,
    code: 'koosSport',
    label: 'KOOS sport',
    description: 'KOOS function in sport and recreation, of both knees together, 0 (worst) to 100',
    domain: { kind: 'real', min: 0, max: 100 },
    // The last letter is that of "recreation", no side.
    sources: ['{v}KOOSFSR'],
    column: 'koos_sport',
  },
  {
    ...OF_QUESTIONNAIRE,
    code: 'pase',
    label: 'PASE',
    description: 'Physical Activity Scale for the Elderly, 0 (inactive) upwards',
    // The sum of the manual's weights (New England Research Institutes 1991; Washburn et al., J Clin Epidemiol 1993, 46:153-162):
    // leisure 117 x at most 4.29 h a day, household 171, and work 21 x hours a day. With 40 hours of work a week, that is the 793
    // that is often quoted; people who work more exceed it. No day has more than 24 hours: 502 + 171 + 504.
    domain: { kind: 'real', min: 0, max: 1177 },
    sources: ['{v}PASE'],
    column: 'pase',
  },
  {
    ...OF_QUESTIONNAIRE,
    code: 'cesd',
    label: 'CES-D',
    description: 'CES-D depressive symptoms, 0 (none) to 60',
    // Twenty answers of 0-3 (Radloff, Applied Psychological Measurement 1977, 1:385-401).
    domain: { kind: 'real', min: 0, max: 60 },
    sources: ['{v}CESD'],
    column: 'cesd',
  },
] as const satisfies readonly Variable[];
