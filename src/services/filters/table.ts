import type { VariableTable } from '../../domain/variables/index.js';
import type { ColumnType } from './values.js';

/** A column that can be filtered by. */
export interface ColumnField {
  kind: 'column';
  type: ColumnType;
  column: string;
  /** The joined table that has the column; absent when the table itself has it. */
  join?: string;
  /** SQL of the value where it is more than a column; `column` then only names it. */
  sql?: (alias: string) => string;
}

/** A yes-or-no condition that is more than a column. */
export interface FlagField {
  kind: 'flag';
  sql: (alias: string) => string;
}

/** Columns grouped under one name, such as the grades. */
export interface GroupField {
  kind: 'group';
  fields: Record<string, ColumnField>;
}

/** A relation to one row: its filter nests. */
export interface OneField {
  kind: 'one';
  join: string;
}

/** A relation to one row or none: its filter nests, and does not hold where there is none. */
export interface MaybeField {
  kind: 'maybe';
  table: () => Table;
  on: (parent: string, child: string) => string;
  /** Which of several rows it is: the filter's entry `by` names one of `choices`, or else the default. */
  choice?: { by: string; default: string; choices: Record<string, (parent: string, child: string) => string> };
}

/** A relation to many rows: `some`, `none`, `every`, `count`. */
export interface ManyField {
  kind: 'many';
  table: () => Table;
  /** What relates the rows: any of these. Each is a query of its own, because PostgreSQL hashes no join that says "or". */
  on: ((parent: string, child: string) => string)[];
  /** Rows one parent usually has at most: what each condition on them counts in the cost of a filter. */
  rows: number;
  /** Rows the relation leaves out, of each kind unless the filter itself speaks of its `field`. */
  unless?: readonly Unless[];
}

/** Rows that a filter leaves out unless it speaks of them. */
export interface Unless {
  field: string;
  /** SQL that is true of the others. */
  on: (row: string) => string;
}

/** A value of a knee exam that can be compared between two visits. */
export interface Measure {
  /** Column of the exam, and of its readings where they have it too. */
  column: string;
  inReadings: boolean;
}

/** A condition on the same knee at two visits. Only a knee exam has such fields. */
export interface ChangeField {
  kind: 'change';
  /** What changes: one measure, or the one that the filter's entry `by` names. */
  measure: Measure | { by: string; measures: Record<string, Measure> };
  /** What must hold of the earlier and the later value. Absent: the filter's operators compare later minus earlier. */
  rule?: (from: string, to: string) => string;
}

/** Conditions on variables by their names, of rows that are participants, visits or exams. */
export interface VariablesField {
  kind: 'variables';
  of: VariableTable;
}

/** Comparisons of two variables of a knee exam with one another. */
export interface ComparisonsField {
  kind: 'comparisons';
}

export type Field =
  | ColumnField
  | FlagField
  | GroupField
  | OneField
  | MaybeField
  | ManyField
  | ChangeField
  | VariablesField
  | ComparisonsField;

/** A table of the filter language. Fields are looked up by name; nothing a caller writes becomes part of a statement. */
export interface Table {
  /** Name of the table, or a query in parentheses. */
  name: string;
  /** Rows that another table may be joined to: never more than one row each, never none. */
  joins: Record<string, { table: () => Table; on: (alias: string, joined: string) => string }>;
  fields: Record<string, Field>;
}

/** Shorthand for a column field. */
export function column(type: ColumnType | ColumnType['kind'], name: string, join?: string): ColumnField {
  return {
    kind: 'column',
    type: typeof type === 'string' ? ({ kind: type } as ColumnType) : type,
    column: name,
    ...(join === undefined ? {} : { join }),
  };
}
