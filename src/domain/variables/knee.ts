import type { Variable } from './variable.js';

const SCORE = {
  table: 'knee_exam',
  group: 'scores',
  uses: ['filter', 'order', 'measure', 'change', 'export', 'table'],
} as const;
const HISTORY = { table: 'knee_exam', group: 'history', uses: ['filter', 'order', 'export', 'table'] } as const;

/** What questionnaires say of one knee. WOMAC grows with trouble, KOOS with health. */
export const KNEE_SCORES = [
  {
    ...SCORE,
    code: 'womacPain',
    label: 'WOMAC pain',
    description: 'WOMAC pain, 0 (none) to 20',
    domain: { kind: 'real', min: 0, max: 20 },
    sources: ['{v}WOMKP{s}', 'WOMAC_PAIN_{side}'],
    column: 'womac_pain',
  },
  {
    ...SCORE,
    code: 'womacDisability',
    label: 'WOMAC disability',
    description: 'WOMAC disability, 0 (none) to 68',
    domain: { kind: 'real', min: 0, max: 68 },
    sources: ['{v}WOMADL{s}', 'WOMAC_DISABILITY_{side}'],
    column: 'womac_disability',
  },
  {
    ...SCORE,
    code: 'womacStiffness',
    label: 'WOMAC stiffness',
    description: 'WOMAC stiffness, 0 (none) to 8',
    domain: { kind: 'real', min: 0, max: 8 },
    sources: ['{v}WOMSTF{s}', 'WOMAC_STIFFNESS_{side}'],
    column: 'womac_stiffness',
  },
  {
    ...SCORE,
    code: 'womacTotal',
    label: 'WOMAC total',
    description: 'WOMAC total, 0 (no trouble) to 96',
    domain: { kind: 'real', min: 0, max: 96 },
    sources: ['{v}WOMTS{s}', 'WOMAC_TOTAL_{side}'],
    column: 'womac_total',
  },
  {
    ...SCORE,
    code: 'koosPain',
    label: 'KOOS pain',
    description: 'KOOS pain, 0 (worst) to 100',
    domain: { kind: 'real', min: 0, max: 100 },
    sources: ['{v}KOOSKP{s}', 'KOOS_{s}KPAIN'],
    column: 'koos_pain',
  },
  {
    ...SCORE,
    code: 'koosSymptoms',
    label: 'KOOS symptoms',
    description: 'KOOS symptoms other than pain, 0 (worst) to 100',
    domain: { kind: 'real', min: 0, max: 100 },
    sources: ['{v}KOOSYM{s}'],
    column: 'koos_symptoms',
  },
] as const satisfies readonly Variable[];

/** What was asked at the screening of one knee, and is kept with its baseline exam. */
export const KNEE_HISTORY = [
  {
    ...HISTORY,
    code: 'injuryEver',
    label: 'Injury ever',
    description: 'Whether the knee was ever injured, as told at the screening; baseline exams only',
    domain: { kind: 'boolean' },
    sources: ['P01INJ{s}'],
    column: 'injury_ever',
  },
  {
    ...HISTORY,
    code: 'surgeryEver',
    label: 'Surgery ever',
    description: 'Whether the knee ever had surgery, as told at the screening; baseline exams only',
    domain: { kind: 'boolean' },
    sources: ['P01KSURG{s}'],
    column: 'surgery_ever',
  },
] as const satisfies readonly Variable[];
