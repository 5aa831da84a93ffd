import { AGE_BANDS, BMI_BANDS } from '../../domain/bands.js';
import type { Band } from '../../domain/bands.js';
import { UserError } from '../../domain/errors.js';
import { FEATURES } from '../../domain/features.js';
import type { FeatureCode } from '../../domain/features.js';
import { SIDES } from '../../domain/participants.js';
import { enumName, type NamesFor, variablesOf } from '../../domain/variables/index.js';
import { VISIT_CODES } from '../../domain/visits.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { MISSING_CODES } from '../../domain/missing.js';
import { type Scope, valueSql } from '../filters/index.js';
import type { VariableLevel } from '../variables/index.js';
import { type BandedNumber, numberDimension } from './number-dimension.js';

/** What knee exams can be grouped by. KL and XRKL are the same grade under its two names. */
export type KneeExamFacet = 'KL' | 'VISIT' | 'SIDE' | 'AGE_BAND' | 'BMI_BAND' | NamesFor<'facet'> | FeatureCode;

/** One dimension of a grouping. */
export interface Facet {
  /** The group's key on a scope of knee exams: null, text, or for bands the number of the band. */
  sql: (scope: Scope) => string;
  /** Its values in their natural order, as the API names them; null where the data decide (sites). */
  values: readonly string[] | null;
  /** Text of a key that is not missing. */
  text: (key: unknown) => string;
}

export const FACETS: Readonly<Record<KneeExamFacet, Facet>> = {
  KL: grade('XRKL', 5),
  VISIT: named((scope) => `${scope.join('visit').alias}.code`, VISIT_CODES),
  SIDE: named((scope) => `${scope.alias}.side`, Object.values(SIDES)),
  ...variableFacets(),
  AGE_BAND: banded((scope) => `${scope.join('visit').alias}.age`, AGE_BANDS),
  BMI_BAND: banded((scope) => `${scope.join('visit').alias}.bmi`, BMI_BANDS),
  ...(Object.fromEntries(FEATURES.map(({ code, levels }) => [code, grade(code, levels)])) as Record<
    FeatureCode,
    Facet
  >),
};

/** What participants can be grouped by: those of the facets that are theirs. */
export type ParticipantFacet = NamesFor<'facet'>;
const PARTICIPANT_FACETS = variablesOf('participant', 'facet');

export const FACET_NAMES: readonly KneeExamFacet[] = Object.keys(FACETS) as KneeExamFacet[];

/** What a key of a dimension stands for. */
export interface FacetKey {
  /** Null: missing. */
  value: string | null;
  /** What a coded value stands for. */
  meaning?: string | null;
  /** OAI's code of why it is missing. */
  missing?: string | null;
}

/** One dimension of a question: a facet of ours, or a variable by its name. */
export interface Dimension {
  /** Null for a variable. */
  readonly facet: KneeExamFacet | null;
  /** As it was asked for; null for a facet. */
  readonly variable: string | null;
  readonly sql: Facet['sql'];
  /** Of a key that is not null. */
  readonly read: (key: unknown) => FacetKey;
  /** Where a value stands among the others; text without a fixed order sorts by itself. */
  readonly rank: (value: string) => number | string;
}

/** Most values of a variable that is grouped by. */
export const MAX_VALUES = 20_000;

/**
 * The dimensions of a question: facets, then variables, then numbers.
 *
 * @param variables each with the levels of its values; null: keys are words
 * @throws UserError as {@link checkFacets} and {@link numberDimension}
 */
export function dimensionsOf(
  by: readonly KneeExamFacet[],
  variables: readonly (readonly [VariableRef, ReadonlyMap<number, VariableLevel> | null])[],
  least: number,
  most: number,
  numbers: readonly BandedNumber[] = [],
): Dimension[] {
  const ofNumbers = numbers.map((number, index) => numberDimension(number, `n${index}`));
  checkFacets(
    [...by, ...variables.map(([{ name }]) => name), ...ofNumbers.map(({ variable }) => variable!)],
    least,
    most,
  );
  return [
    ...by.map((facet): Dimension => {
      const { sql, text, values } = FACETS[facet];
      const rank = (value: string): number | string => (values ? values.indexOf(value) : value);
      return { facet, variable: null, sql, read: (key) => ({ value: text(key) }), rank };
    }),
    ...variables.map(([ref, levels], index) => variableDimension(ref, levels, 'knee_exam', `d${index}`)),
    ...ofNumbers,
  ];
}

function variableDimension(
  ref: VariableRef,
  levels: ReadonlyMap<number, VariableLevel> | null,
  from: 'knee_exam' | 'participant',
  fresh: string,
): Dimension {
  const { name, kind } = ref;
  const byNumber = levels !== null;
  const isNumber = kind === 'NUMBER' || kind === 'CODE';
  return {
    facet: null,
    variable: name,
    sql: (scope) => {
      const value = valueSql(ref, from, scope.alias, `${scope.alias}${fresh}`, { levels: !byNumber });
      scope.attach(value.joins);
      return byNumber ? value.key : `coalesce(${value.text}, ${value.missing})`;
    },
    read: (key) => {
      if (!byNumber) {
        const text = String(key);
        return text in MISSING_CODES ? { value: null, missing: text } : { value: text };
      }
      const level = levels.get(Number(key))!;
      return { value: level.missing === null ? level.text : null, meaning: level.label, missing: level.missing };
    },
    rank: (value) => (isNumber ? Number(value) : value),
  };
}

/**
 * The dimensions of a question about participants: facets, then variables of theirs, or that a visit and a knee in the name make theirs.
 *
 * @throws UserError as {@link checkFacets}
 */
export function participantDimensions(
  by: readonly ParticipantFacet[],
  variables: readonly (readonly [VariableRef, ReadonlyMap<number, VariableLevel> | null])[],
  most: number,
): Dimension[] {
  checkFacets([...by, ...variables.map(([{ name }]) => name)], 1, most);
  return [
    ...by.map((facet): Dimension => {
      const { column, domain } = PARTICIPANT_FACETS.find((variable) => enumName(variable) === facet)!;
      const values: readonly string[] | null = domain.kind === 'choice' ? Object.values(domain.codes) : null;
      return {
        ...{ facet, variable: null, sql: ({ alias }) => `${alias}.${column}`, read: (key) => ({ value: String(key) }) },
        rank: (value) => (values ? values.indexOf(value) : value),
      };
    }),
    ...variables.map(([ref, levels], index) => variableDimension(ref, levels, 'participant', `d${index}`)),
  ];
}

/**
 * Checks a list of dimensions.
 *
 * @throws UserError BAD_USER_INPUT when there are too few, too many, or one comes twice.
 */
function checkFacets(by: readonly string[], least: number, most: number): void {
  if (by.length < least || by.length > most) {
    throw new UserError('BAD_USER_INPUT', `by takes ${least} to ${most} different facets, got ${by.length}.`);
  }
  const repeated = by.find((facet, index) => by.indexOf(facet) !== index);
  if (repeated) throw new UserError('BAD_USER_INPUT', `by names ${repeated} twice.`);
}

/** The variables that can be grouped by: those of few values. */
function variableFacets(): Record<NamesFor<'facet'>, Facet> {
  return Object.fromEntries(
    variablesOf(null, 'facet').map((variable) => {
      const { table, column, domain } = variable;
      const sql = (scope: Scope) => `${(table === 'knee_exam' ? scope : scope.join(table)).alias}.${column}`;
      return [enumName(variable), named(sql, domain.kind === 'choice' ? Object.values(domain.codes) : null)];
    }),
  ) as Record<NamesFor<'facet'>, Facet>;
}

function grade(code: FeatureCode, levels: number): Facet {
  return {
    sql: (scope) => `${scope.alias}.${code.toLowerCase()}`,
    values: Array.from({ length: levels }, (_, level) => String(level)),
    text: String,
  };
}

function named(sql: Facet['sql'], values: readonly string[] | null): Facet {
  return { sql, values, text: String };
}

/** Bands are grouped by number: comparing numbers is quicker than comparing names. */
function banded(number: Facet['sql'], bands: readonly Band[]): Facet {
  return {
    sql: (scope) => {
      const value = number(scope);
      const cases = bands.slice(0, -1).map(({ below }, index) => `WHEN ${value} < ${below!} THEN ${index}`);
      return `CASE WHEN ${value} IS NULL THEN NULL ${cases.join(' ')} ELSE ${bands.length - 1} END`;
    },
    values: bands.map(({ name }) => name),
    text: (key) => bands[Number(key)]!.name,
  };
}
