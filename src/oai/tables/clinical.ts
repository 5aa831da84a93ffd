import type { Side } from '../../domain/participants.js';
import type { VisitCode } from '../../domain/visits.js';
import { type NumberRange, parseDate, parseNumber } from '../values.js';
import type { Column, Columns } from './columns.js';
import { cell, participantReader, prefixed, type RowReader, visitReader } from './reader.js';
import type { ClinicalRecord, KneeScores } from './records.js';

const AGE: NumberRange = { min: 0, max: 120 };
const BMI: NumberRange = { min: 5, max: 150 };

/** Questionnaire scores: OAI's name without the side's letter, NDA's with `?` for the side. */
const SCORES = [
  { field: 'womacPain', name: 'WOMKP', nda: 'WOMAC_PAIN_?', range: { min: 0, max: 20 } },
  { field: 'womacDisability', name: 'WOMADL', nda: 'WOMAC_DISABILITY_?', range: { min: 0, max: 68 } },
  { field: 'womacStiffness', name: 'WOMSTF', nda: 'WOMAC_STIFFNESS_?', range: { min: 0, max: 8 } },
  { field: 'womacTotal', name: 'WOMTS', nda: 'WOMAC_TOTAL_?', range: { min: 0, max: 96 } },
  { field: 'koosPain', name: 'KOOSKP', nda: 'KOOS_?KPAIN', range: { min: 0, max: 100 } },
] as const satisfies readonly { field: keyof KneeScores; name: string; nda: string; range: NumberRange }[];

/** Scores of one knee that a table may hold. */
export const SCORE_FIELDS: readonly (keyof KneeScores)[] = SCORES.map(({ field }) => field);

/** AllClinicalXX and SubjectCharXX: one row per participant; and NDA's questionnaires, one per participant and visit. */
export function clinicalReader(columns: Columns, visit: VisitCode | null): RowReader<ClinicalRecord> {
  const participant = participantReader(columns);
  const visitOf = visitReader(columns, visit);
  const screening = visit === 'V00';
  const dates = columns.all(...prefixed(visit, 'EVDATE', 'FVDATE'), ...(screening ? ['P01SVDATE'] : []));
  const ages = columns.all(...prefixed(visit, 'AGE', 'AGEYEARS'));
  const bmis = columns.all(...(screening ? ['P01BMI'] : []), ...prefixed(visit, 'BMI'));
  const knees = { RIGHT: scoreColumns(columns, visit, 'RIGHT'), LEFT: scoreColumns(columns, visit, 'LEFT') };
  const scores = new Set([...knees.RIGHT, ...knees.LEFT].map(({ field }) => field));
  return {
    fields: [
      ...(dates.length > 0 ? ['date'] : []),
      ...(ages.length > 0 ? ['age'] : []),
      ...(bmis.length > 0 ? ['bmi'] : []),
      ...scores,
    ],
    key: (record) => `${record.oaiId} ${record.visit}`,
    read(cells) {
      const record: ClinicalRecord = {
        oaiId: participant(cells),
        visit: visitOf(cells),
        knees: { RIGHT: readScores(cells, knees.RIGHT), LEFT: readScores(cells, knees.LEFT) },
      };
      if (dates.length > 0) record.date = first(cells, dates, parseDate);
      if (ages.length > 0) record.age = first(cells, ages, (text, name) => floor(parseNumber(text, name, AGE)));
      if (bmis.length > 0) record.bmi = first(cells, bmis, (text, name) => parseNumber(text, name, BMI));
      return record;
    },
  };
}

interface ScoreColumn {
  readonly field: keyof KneeScores;
  readonly column: Column;
  readonly range: NumberRange;
}

function scoreColumns(columns: Columns, visit: VisitCode | null, side: Side): ScoreColumn[] {
  return SCORES.flatMap(({ field, name, nda, range }) => {
    const names = [...prefixed(visit, `${name}${side[0]}`), nda.replace('?', nda.startsWith('KOOS') ? side[0]! : side)];
    const column = columns.find(...names);
    return column ? [{ field, column, range }] : [];
  });
}

function readScores(cells: readonly string[], columns: readonly ScoreColumn[]): KneeScores {
  const scores: KneeScores = {};
  for (const { field, column, range } of columns) scores[field] = parseNumber(cell(cells, column), column.name, range);
  return scores;
}

/** The first of several columns that says something. */
function first<T>(
  cells: readonly string[],
  columns: readonly Column[],
  parse: (text: string, name: string) => T | null,
): T | null {
  for (const column of columns) {
    const value = parse(cell(cells, column), column.name);
    if (value !== null) return value;
  }
  return null;
}

function floor(value: number | null): number | null {
  return value === null ? null : Math.floor(value);
}
