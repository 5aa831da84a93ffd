import type { Side } from '../participants.js';
import type { VisitCode } from '../visits.js';
import { KNEE_HISTORY, KNEE_SCORES } from './knee.js';
import { PARTICIPANT_VARIABLES } from './participant.js';
import type { Domain, Use, ValuesOf, Variable, VariableTable } from './variable.js';
import { PERSON_SCORES, VISIT_VARIABLES } from './visit.js';

export { COLUMN_VARIABLES, type ColumnVariable, releasedNames, resolveColumn } from './released.js';
export {
  atVersion,
  DERIVED_KINDS,
  type DerivedBand,
  type DerivedDefinition,
  type DerivedKind,
  derivedLabels,
  type DerivedSource,
  kindOfDefinition,
  valuesOfDefinition,
} from './derived.js';
export { knownLabel } from './known-labels.js';
export {
  BLOCK,
  type ColumnSource,
  kneeColumn,
  readingsOfName,
  splitVisit,
  STORED_KINDS,
  type StoredKind,
  type StoredSource,
  type StoredVariable,
  type VariableRef,
} from './stored.js';
export type { Domain, Use, Variable, VariableTable } from './variable.js';

/** Every variable with a column of its own, in the order of files and forms. One entry is all that a variable needs. */
export const VARIABLES = [
  ...PARTICIPANT_VARIABLES,
  ...VISIT_VARIABLES,
  ...KNEE_SCORES,
  ...PERSON_SCORES,
  ...KNEE_HISTORY,
] as const;

type Known = (typeof VARIABLES)[number];

/** Values of the variables of a table by their codes; null where missing. */
export type VariableValues<T extends VariableTable> = ValuesOf<Extract<Known, { table: T }>>;

type UpperSnake<S extends string> = S extends `${infer Letter}${infer Rest}`
  ? `${Letter extends Lowercase<Letter> ? Uppercase<Letter> : `_${Letter}`}${UpperSnake<Rest>}`
  : '';

type NameFor<V extends Variable, U extends Use> = V extends {
  code: infer C extends string;
  uses: readonly (infer Of)[];
}
  ? U extends Of
    ? UpperSnake<C>
    : never
  : never;

/** Names in enums of the API of the variables that take part in something. */
export type NamesFor<U extends Use> = NameFor<Known, U>;

/** The variables of a table, or those of all tables, that take part in something. */
export function variablesOf(table: VariableTable | null, use?: Use): readonly Variable[] {
  return (VARIABLES as readonly Variable[]).filter(
    (variable) => (table === null || variable.table === table) && (use === undefined || variable.uses.includes(use)),
  );
}

/** A variable's name in an enum of the API: "womacPain" is WOMAC_PAIN. */
export function enumName({ code }: Variable): string {
  return code.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** What the API says of a variable: "Age at the visit, years." */
export function sentenceOf({ description, unit }: Variable): string {
  return `${description}${unit === undefined ? '' : `, ${unit}`}.`;
}

/** Sentences of some variables by their names in enums of the API. */
export function enumMeanings(variables: readonly Variable[]): Record<string, string> {
  return Object.fromEntries(variables.map((variable) => [enumName(variable), sentenceOf(variable)]));
}

/** Type of the column in the database. */
export function columnType({ domain }: Variable): ColumnTypeName {
  return columnTypeOf(domain);
}

type ColumnTypeName = 'smallint' | 'real' | 'boolean' | 'date' | 'text';

/** Type of a column that holds values of a domain. */
export function columnTypeOf({ kind }: Domain): ColumnTypeName {
  if (kind === 'integer') return 'smallint';
  return kind === 'letter' || kind === 'choice' ? 'text' : kind;
}

/** Types of the columns of a table's variables, by their codes. */
export function columnTypes(table: VariableTable): Record<string, ColumnTypeName> {
  return Object.fromEntries(variablesOf(table).map((variable) => [variable.code, columnType(variable)]));
}

/** Columns of a released table that may hold a variable; `visit` is null where each row names its visit. */
export function sourceColumns({ sources }: Variable, visit: VisitCode | null, side?: Side): string[] {
  return sources
    .filter((source) => !/^P0\d/.test(source) || visit === 'V00')
    .map((source) => source.replace('{side}', side ?? '').replace('{s}', side?.[0] ?? ''))
    .flatMap((source) => {
      if (!source.startsWith('{v}')) return [source];
      const bare = source.slice(3);
      return visit === null ? [bare] : [`${visit}${bare}`, bare];
    });
}
