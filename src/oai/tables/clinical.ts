import type { Side } from '../../domain/participants.js';
import type { VisitCode } from '../../domain/visits.js';
import { type NumberRange, parseDate, parseNumber } from '../values.js';
import type { Columns } from './columns.js';
import {
  type FieldColumns,
  fieldOf,
  participantReader,
  prefixed,
  readStatements,
  type RowReader,
  versionReader,
  visitReader,
} from './reader.js';
import type { ClinicalRecord } from './records.js';

const AGE: NumberRange = { min: 0, max: 120 };
const BMI: NumberRange = { min: 5, max: 150 };

/** Questionnaire scores: OAI's name without the side's letter, NDA's with `?` for the side. */
const SCORES = [
  { field: 'womacPain', name: 'WOMKP', nda: 'WOMAC_PAIN_?', range: { min: 0, max: 20 } },
  { field: 'womacDisability', name: 'WOMADL', nda: 'WOMAC_DISABILITY_?', range: { min: 0, max: 68 } },
  { field: 'womacStiffness', name: 'WOMSTF', nda: 'WOMAC_STIFFNESS_?', range: { min: 0, max: 8 } },
  { field: 'womacTotal', name: 'WOMTS', nda: 'WOMAC_TOTAL_?', range: { min: 0, max: 96 } },
  { field: 'koosPain', name: 'KOOSKP', nda: 'KOOS_?KPAIN', range: { min: 0, max: 100 } },
] as const satisfies readonly { field: string; name: string; nda: string; range: NumberRange }[];

/** Scores of one knee that a table may hold. */
export const SCORE_FIELDS: readonly string[] = SCORES.map(({ field }) => field);

/** AllClinicalXX and SubjectCharXX: one row per participant; and NDA's questionnaires, one per participant and visit. */
export function clinicalReader(columns: Columns, visit: VisitCode | null): RowReader<ClinicalRecord> {
  const participant = participantReader(columns);
  const visitOf = visitReader(columns, visit);
  const version = versionReader(columns);
  const screening = visit === 'V00';
  const dates = columns.all(...prefixed(visit, 'EVDATE', 'FVDATE'), ...(screening ? ['P01SVDATE'] : []));
  const ages = columns.all(...prefixed(visit, 'AGE', 'AGEYEARS'));
  const bmis = columns.all(...(screening ? ['P01BMI'] : []), ...prefixed(visit, 'BMI'));
  const fields = [
    ...fieldOf('date', dates, parseDate),
    ...fieldOf('age', ages, (text, name) => floor(parseNumber(text, name, AGE))),
    ...fieldOf('bmi', bmis, (text, name) => parseNumber(text, name, BMI)),
  ];
  const [right, left] = [scoreFields(columns, visit, 'RIGHT'), scoreFields(columns, visit, 'LEFT')];
  return {
    key: (record) => `${record.oaiId} ${record.visit}`,
    read: (cells, refuseCell) => ({
      oaiId: participant(cells),
      visit: visitOf(cells),
      version: version(cells),
      said: readStatements(cells, fields, refuseCell),
      knees: {
        RIGHT: readStatements(cells, right, refuseCell),
        LEFT: readStatements(cells, left, refuseCell),
      },
    }),
  };
}

function scoreFields(columns: Columns, visit: VisitCode | null, side: Side): FieldColumns[] {
  return SCORES.flatMap(({ field, name, nda, range }) => {
    const names = [...prefixed(visit, `${name}${side[0]}`), nda.replace('?', nda.startsWith('KOOS') ? side[0]! : side)];
    return fieldOf(field, [columns.find(...names)], (text, column) => parseNumber(text, column, range));
  });
}

function floor(value: number | null): number | null {
  return value === null ? null : Math.floor(value);
}
