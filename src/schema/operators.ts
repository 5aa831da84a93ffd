import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { GraphQLDate } from 'graphql-scalars';
import {
  DeathConfirmationEnum,
  JointEnum,
  MriProtocolEnum,
  PlaneEnum,
  RaceEnum,
  ReadingProjectEnum,
  ReplacementConfirmationEnum,
  ReplacementTypeEnum,
  SexEnum,
  SideEnum,
  SiteEnum,
  StudyCohortEnum,
  VisitCodeEnum,
} from './enums.js';
import { EvaluationStateEnum, ReaderStudyStateEnum, ReaderUnitEnum } from './evaluation-enums.js';
import {
  BatchStateEnum,
  ExportFormatEnum,
  ExportStateEnum,
  GenerationStateEnum,
  GenerationTaskEnum,
  OutputKindEnum,
} from './work-enums.js';
import { DateTime } from './scalars.js';

/** A class that type-graphql knows as an input type. */
export type InputClass = new () => object;

/** A field's type, looked up when the schema is built: types refer to one another. */
export type TypeThunk = Parameters<typeof Field>[0] & (() => unknown);

export const EQUALITY = ['eq', 'ne', 'in', 'nin'] as const;
const ORDER = ['gt', 'gte', 'lt', 'lte'] as const;

const MEANINGS: Record<string, string> = {
  eq: 'Equal to.',
  ne: 'Has a value, and not this one.',
  in: 'One of these.',
  nin: 'Has a value, and none of these.',
  gt: 'Greater than.',
  gte: 'Greater than or equal to.',
  lt: 'Less than.',
  lte: 'Less than or equal to.',
  isNull: 'Whether the value is missing.',
  contains: 'Contains this text, letter case ignored.',
};

export const IntFilter = operators('IntFilter', () => Int, [...EQUALITY, ...ORDER, 'isNull']);
export const FloatFilter = operators('FloatFilter', () => Float, [...EQUALITY, ...ORDER, 'isNull']);
export const TextFilter = operators('TextFilter', () => String, [...EQUALITY, ...ORDER, 'contains', 'isNull']);
export const BooleanFilter = operators('BooleanFilter', () => Boolean, ['eq', 'ne', 'isNull']);
export const IdFilter = operators('IdFilter', () => ID, EQUALITY);
export const DateFilter = operators('DateFilter', () => GraphQLDate, [...EQUALITY, ...ORDER, 'isNull']);
export const DateTimeFilter = operators('DateTimeFilter', () => DateTime, [...EQUALITY, ...ORDER, 'isNull']);
export const SexFilter = operators('SexFilter', () => SexEnum, [...EQUALITY, 'isNull']);
export const RaceFilter = operators('RaceFilter', () => RaceEnum, [...EQUALITY, 'isNull']);
export const SiteFilter = operators('SiteFilter', () => SiteEnum, [...EQUALITY, 'isNull']);
export const StudyCohortFilter = operators('StudyCohortFilter', () => StudyCohortEnum, [...EQUALITY, 'isNull']);
export const SideFilter = operators('SideFilter', () => SideEnum, EQUALITY);
export const VisitCodeFilter = operators('VisitCodeFilter', () => VisitCodeEnum, [...EQUALITY, ...ORDER]);
/** Of a variable: unlike that of a visit itself it may be missing. */
export const MaybeVisitCodeFilter = operators('MaybeVisitCodeFilter', () => VisitCodeEnum, [
  ...EQUALITY,
  ...ORDER,
  'isNull',
]);
export const JointFilter = operators('JointFilter', () => JointEnum, EQUALITY);
export const ReplacementConfirmationFilter = operators(
  'ReplacementConfirmationFilter',
  () => ReplacementConfirmationEnum,
  [...EQUALITY, 'isNull'],
);
export const ReplacementTypeFilter = operators('ReplacementTypeFilter', () => ReplacementTypeEnum, [
  ...EQUALITY,
  'isNull',
]);
export const DeathConfirmationFilter = operators('DeathConfirmationFilter', () => DeathConfirmationEnum, [
  ...EQUALITY,
  'isNull',
]);
export const ReadingProjectFilter = operators('ReadingProjectFilter', () => ReadingProjectEnum, [
  ...EQUALITY,
  'isNull',
]);
export const PlaneFilter = operators('PlaneFilter', () => PlaneEnum, [...EQUALITY, 'isNull']);
export const MriProtocolFilter = operators('MriProtocolFilter', () => MriProtocolEnum, EQUALITY);
export const GenerationStateFilter = operators('GenerationStateFilter', () => GenerationStateEnum, EQUALITY);
export const GenerationTaskFilter = operators('GenerationTaskFilter', () => GenerationTaskEnum, EQUALITY);
export const GenerationOutputKindFilter = operators('GenerationOutputKindFilter', () => OutputKindEnum, EQUALITY);
export const BatchStateFilter = operators('BatchStateFilter', () => BatchStateEnum, EQUALITY);
export const EvaluationStateFilter = operators('EvaluationStateFilter', () => EvaluationStateEnum, EQUALITY);
export const ExportStateFilter = operators('ExportStateFilter', () => ExportStateEnum, EQUALITY);
export const ExportFormatFilter = operators('ExportFormatFilter', () => ExportFormatEnum, EQUALITY);
export const ReaderStudyStateFilter = operators('ReaderStudyStateFilter', () => ReaderStudyStateEnum, EQUALITY);
export const ReaderUnitFilter = operators('ReaderUnitFilter', () => ReaderUnitEnum, EQUALITY);

/**
 * Declares an input type from a list of optional fields.
 *
 * @param fields type and description by name; the type is a thunk, because filters refer to one another.
 */
export function inputType(name: string, description: string, fields: Record<string, InputField>): InputClass {
  class Input {}
  InputType(name, { description })(Input);
  for (const [field, { type, description: meaning, required, defaultValue }] of Object.entries(fields)) {
    const options = {
      nullable: !required,
      description: meaning,
      ...(defaultValue === undefined ? {} : { defaultValue }),
    };
    Field(type, options)(Input.prototype, field);
  }
  return Input;
}

/** A field of an input type: optional unless it says otherwise. */
export interface InputField {
  type: TypeThunk;
  description: string;
  required?: boolean;
  defaultValue?: string;
}

/** Operators on a number, `isNull` among them, as fields of an input type that has others too. */
export function numberOperators(type: TypeThunk): Record<string, InputField> {
  return operatorFields(type, [...EQUALITY, ...ORDER, 'isNull']);
}

/** Operators on a count, which is never missing. */
export function countOperators(): Record<string, InputField> {
  return operatorFields(() => Int, [...EQUALITY, ...ORDER]);
}

export function operators(name: string, type: TypeThunk, names: readonly string[]): InputClass {
  return inputType(name, 'All conditions given must hold.', operatorFields(type, names));
}

function operatorFields(type: TypeThunk, names: readonly string[]): Record<string, InputField> {
  const fields = names.map((operator): [string, InputField] => {
    const own: TypeThunk =
      operator === 'isNull' ? () => Boolean : operator === 'in' || operator === 'nin' ? () => [type()] as never : type;
    return [operator, { type: own, description: MEANINGS[operator]! }];
  });
  return Object.fromEntries(fields);
}
