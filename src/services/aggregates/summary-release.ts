import { isFeatureCode } from '../../domain/features.js';
import { RACES, SEXES, SIDES, STUDY_COHORTS } from '../../domain/participants.js';
import { VISIT_CODES } from '../../domain/visits.js';
import { column, type ColumnField, type Field, KNEE_EXAMS, Scope, type Table } from '../filters/index.js';
import { type Dimension, FACETS, type KneeExamFacet } from './facets.js';

/** No count of fewer people than this is told to a token of role SUMMARY, and every count is rounded to a multiple of it. */
export const MIN_GROUP = 5;

/** Dimensions of every released table; the groups they make are the slots. */
export const SLOT_FACETS = ['VISIT', 'SIDE', 'SEX'] as const satisfies readonly KneeExamFacet[];

/**
 * The order in which values are pooled when one of them is rare. It must not depend on the data, and should begin with the values
 * that are usually rare. Missing values always come first.
 */
const POOLING: Partial<Record<KneeExamFacet, readonly (string | number)[]>> = {
  RACE: ['OTHER_NON_WHITE', 'ASIAN', 'BLACK', 'WHITE'],
  COHORT: ['CONTROL', 'PROGRESSION', 'INCIDENCE'],
  AGE_BAND: [4, 0, 3, 2, 1],
  BMI_BAND: [0, 5, 4, 1, 3, 2],
};

/**
 * What SUMMARY may know of the release, as a table of the filter language: slots (visit, side, sex), each broken down by at most
 * one further facet. Whatever is asked, the answer is a sum over rows of this table, so that no question can find out more
 * than the table itself tells. docs/decisions/0011 says why that is safe.
 *
 * - A slot of fewer than five people is left out of everything.
 * - Where a slot has a value that one to four people have, that value and those before it in the fixed order of pooling become
 *   one row, with as many values after it as it takes to reach five people. The row's value is suppressed.
 * - Every row's count is rounded to a multiple of five.
 *
 * Columns: visit, side, sex, value, suppressed, n. Within a slot an exam is a person, so n counts both.
 */
export function summaryRelease(dimension: Dimension | null): Table {
  const exams = new Scope(KNEE_EXAMS, 't');
  const slots = SLOT_FACETS.map((slot) => FACETS[slot].sql(exams));
  const value = dimension ? dimension.sql(exams) : 'NULL::text';
  // Words of a variable are pooled in the order of their letters, which no data decide.
  const facet = dimension?.facet ?? null;
  const slot = 'PARTITION BY visit, side, sex';
  return {
    name: `(
      WITH cell AS (
        SELECT ${slots[0]!} AS visit, ${slots[1]!} AS side, ${slots[2]!} AS sex, ${value} AS value, count(*)::integer AS n
          FROM ${exams.from()} GROUP BY 1, 2, 3, 4
      ), ranked AS (
        SELECT *, row_number() OVER (${slot} ORDER BY ${poolingOrder(facet)}) AS rank, sum(n) OVER (${slot}) AS people FROM cell
      ), judged AS (
        SELECT *, sum(n) OVER (${slot} ORDER BY rank) - n AS before,
               max(rank) FILTER (WHERE n < ${MIN_GROUP}) OVER (${slot}) AS last_rare
          FROM ranked WHERE people >= ${MIN_GROUP}
      ), pooled AS (
        SELECT *, last_rare IS NOT NULL AND (rank <= last_rare OR before < ${MIN_GROUP}) AS suppressed FROM judged
      )
      SELECT visit, side, sex, CASE WHEN NOT suppressed THEN value END AS value, suppressed,
             (${MIN_GROUP} * round(sum(n) / ${MIN_GROUP}.0))::integer AS n
        FROM pooled GROUP BY 1, 2, 3, 4, 5
    )`,
    joins: {},
    fields: filterFields(facet),
  };
}

/** The facets a filter may speak of, by the name of its field; those of participants and grades are one level below. */
export const SUMMARY_FIELDS: Readonly<Record<string, KneeExamFacet | Readonly<Record<string, KneeExamFacet>>>> = {
  visit: 'VISIT',
  side: 'SIDE',
  kl: 'KL',
  participant: { sex: 'SEX', race: 'RACE', cohort: 'COHORT', site: 'SITE' },
  grades: Object.fromEntries(
    Object.keys(FACETS)
      .filter((name) => name.startsWith('XR'))
      .map((name) => [name, name as KneeExamFacet]),
  ),
};

function poolingOrder(facet: KneeExamFacet | null): string {
  const order = facet && POOLING[facet];
  // High grades are the rare ones; sites have no order but their letters.
  if (!order) return `value ${facet === 'SITE' ? 'ASC' : 'DESC'} NULLS FIRST`;
  const array = order.map((value) => (typeof value === 'number' ? value : `'${value}'`)).join(', ');
  return `array_position(ARRAY[${array}], value) NULLS FIRST`;
}

/** Participants' columns that may be the further facet. */
const OF_PARTICIPANT: Partial<Record<KneeExamFacet, ColumnField>> = {
  RACE: choice(Object.values(RACES), 'value'),
  COHORT: choice(Object.values(STUDY_COHORTS), 'value'),
  SITE: column('text', 'value'),
};

function filterFields(facet: KneeExamFacet | null): Record<string, Field> {
  const ofParticipant = facet && OF_PARTICIPANT[facet];
  const grade = facet && isFeatureCode(facet) ? column('integer', 'value') : null;
  return {
    visit: choice(VISIT_CODES, 'visit'),
    side: choice(Object.values(SIDES), 'side'),
    participant: {
      kind: 'group',
      fields: {
        sex: choice(Object.values(SEXES), 'sex'),
        ...(ofParticipant ? { [facet.toLowerCase()]: ofParticipant } : {}),
      },
    },
    ...(grade ? { grades: { kind: 'group', fields: { [facet!]: grade } } } : {}),
    ...(grade && facet === 'XRKL' ? { kl: grade } : {}),
  };
}

function choice(of: readonly string[], name: string): ColumnField {
  return column({ kind: 'choice', of }, name);
}
