import { GraphQLDate } from 'graphql-scalars';
import { Field, Float, Int } from 'type-graphql';
import { NUMBER_RELATIONS } from '../domain/knee-numbers.js';
import {
  type Domain,
  sentenceOf,
  type Variable,
  variablesOf,
  type VariableTable,
  type VariableValues,
} from '../domain/variables/index.js';
import {
  DeathConfirmationEnum,
  RaceEnum,
  ReplacementConfirmationEnum,
  ReplacementTypeEnum,
  SexEnum,
  SiteEnum,
  StudyCohortEnum,
  VisitCodeEnum,
} from './enums.js';
import { choices } from './enum-types.js';
import type { FieldType } from './filter-input.js';
import { Node } from './node.js';
import {
  BooleanFilter,
  DateFilter,
  DeathConfirmationFilter,
  FloatFilter,
  inputType,
  IntFilter,
  MaybeVisitCodeFilter,
  numberOperators,
  RaceFilter,
  ReplacementConfirmationFilter,
  ReplacementTypeFilter,
  SexFilter,
  SiteFilter,
  StudyCohortFilter,
  TextFilter,
  type TypeThunk,
} from './operators.js';

/** What an argument says that takes a variable's name. */
export const VARIABLE_NAME =
  'Name of a variable or of its released column: `KOOSYM` is that of the exam itself, `V00KOOSYM` that of the same knee at baseline, ' +
  "`V00KOOSYMR` the right knee's at baseline, `MCMJSW@37` that of reading project 37, `symptomaticOa@2` version 2 of a derived variable.";

const CHOICES = {
  Sex: { type: SexEnum, filter: SexFilter },
  Race: { type: RaceEnum, filter: RaceFilter },
  Site: { type: SiteEnum, filter: SiteFilter },
  StudyCohort: { type: StudyCohortEnum, filter: StudyCohortFilter },
  VisitCode: { type: VisitCodeEnum, filter: MaybeVisitCodeFilter },
  DeathConfirmation: { type: DeathConfirmationEnum, filter: DeathConfirmationFilter },
  ReplacementConfirmation: { type: ReplacementConfirmationEnum, filter: ReplacementConfirmationFilter },
  ReplacementType: { type: ReplacementTypeEnum, filter: ReplacementTypeFilter },
} as const;

const VariableFilter = inputType(
  'VariableFilter',
  'Conditions on one variable. All conditions given must hold; a comparison with a missing value never does.',
  {
    name: { type: () => String, required: true, description: VARIABLE_NAME },
    ...numberOperators(() => Float),
    text: {
      type: () => TextFilter,
      description: 'The value as the release has it: words, a day as 2004-10-28, a code.',
    },
    missing: { type: () => TextFilter, description: "OAI's code of why there is no value, such as `.P`." },
  },
);

const RelationEnum = choices('NumberRelation', NUMBER_RELATIONS, 'How one number stands to another.', {
  EQ: 'Equal to.',
  NE: 'Not equal to.',
  GT: 'Greater than.',
  GTE: 'Greater than or equal to.',
  LT: 'Less than.',
  LTE: 'Less than or equal to.',
});

const VariableComparisonFilter = inputType(
  'VariableComparisonFilter',
  'A comparison of two variables of one knee; it never holds where either is missing. Both must be numbers.',
  {
    left: { type: () => String, required: true, description: VARIABLE_NAME },
    is: { type: () => RelationEnum, required: true, description: 'How `left` stands to `right`.' },
    right: { type: () => String, required: true, description: 'Name of the other variable.' },
    plus: { type: () => Float, description: 'What is added to `right` before it is compared; default: 0.' },
  },
);

/** Entry of the filter of knee exams. */
export const COMPARISONS_FIELD: [FieldType, string] = [
  () => [VariableComparisonFilter],
  'Comparisons of two variables with one another, all of which must hold: medial with lateral, one visit with another.',
];

/** Entry of the filters of participants, visits and knee exams. */
export const VARIABLES_FIELD: [FieldType, string] = [
  () => [VariableFilter],
  'Conditions on variables by their names, all of which must hold; `variables` of the query finds names.',
];

/** Fields of a filter input for the variables of a table. */
export function variableFilters(table: VariableTable): Record<string, [FieldType, string]> {
  return Object.fromEntries(
    variablesOf(table, 'filter').map((variable) => [variable.code, [filterOf(variable.domain), sentenceOf(variable)]]),
  );
}

/** What a node type of a table extends: a node with the table's variables, which {@link addVariables} declares in the API. */
export function nodeWith<T extends VariableTable>(_table: T) {
  return Node as unknown as abstract new (...of: ConstructorParameters<typeof Node>) => Node & VariableValues<T>;
}

/** Declares the variables of a table as fields of its node type. */
export function addVariables(table: VariableTable, { prototype }: { prototype: object }): void {
  for (const variable of variablesOf(table)) {
    Field(typeOf(variable), { nullable: true, description: sentenceOf(variable) })(prototype, variable.code);
  }
}

/** Gives a node the values of its row. */
export function copyVariables<T extends VariableTable>(
  table: T,
  node: VariableValues<T>,
  row: VariableValues<T>,
): void {
  for (const code of CODES[table]) Reflect.set(node, code, Reflect.get(row, code));
}

const CODES: Readonly<Record<VariableTable, readonly string[]>> = {
  participant: variablesOf('participant').map(({ code }) => code),
  visit: variablesOf('visit').map(({ code }) => code),
  knee_exam: variablesOf('knee_exam').map(({ code }) => code),
};

function typeOf({ domain }: Variable): TypeThunk {
  switch (domain.kind) {
    case 'integer':
      return () => Int;
    case 'real':
      return () => Float;
    case 'boolean':
      return () => Boolean;
    case 'date':
      return () => GraphQLDate;
    case 'letter':
      return () => CHOICES[domain.enum].type;
    case 'choice':
      return () => CHOICES[domain.enum].type;
  }
}

function filterOf(domain: Domain): FieldType {
  switch (domain.kind) {
    case 'integer':
      return IntFilter;
    case 'real':
      return FloatFilter;
    case 'boolean':
      return BooleanFilter;
    case 'date':
      return DateFilter;
    case 'letter':
      return CHOICES[domain.enum].filter;
    case 'choice':
      return CHOICES[domain.enum].filter;
  }
}
