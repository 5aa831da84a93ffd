import { GraphQLDate } from 'graphql-scalars';
import { Field, Float, Int } from 'type-graphql';
import {
  type Domain,
  sentenceOf,
  type Variable,
  variablesOf,
  type VariableTable,
  type VariableValues,
} from '../domain/variables/index.js';
import { RaceEnum, SexEnum, StudyCohortEnum } from './enums.js';
import type { FieldType } from './filter-input.js';
import { Node } from './node.js';
import {
  BooleanFilter,
  DateFilter,
  FloatFilter,
  IntFilter,
  RaceFilter,
  SexFilter,
  StudyCohortFilter,
  TextFilter,
  type TypeThunk,
} from './operators.js';

const CHOICES = {
  Sex: { type: SexEnum, filter: SexFilter },
  Race: { type: RaceEnum, filter: RaceFilter },
  StudyCohort: { type: StudyCohortEnum, filter: StudyCohortFilter },
} as const;

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
      return () => String;
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
      return TextFilter;
    case 'choice':
      return CHOICES[domain.enum].filter;
  }
}
