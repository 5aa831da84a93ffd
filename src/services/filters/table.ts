import type { ColumnType } from './values.js';

/** A column that can be filtered by. */
export interface ColumnField {
  kind: 'column';
  type: ColumnType;
  column: string;
  /** The joined table that has the column; absent when the table itself has it. */
  join?: string;
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

/** A relation to many rows: `some`, `none`, `every`. */
export interface ManyField {
  kind: 'many';
  table: () => Table;
  on: (parent: string, child: string) => string;
}

export type Field = ColumnField | FlagField | GroupField | OneField | ManyField;

/** A table of the filter language. Fields are looked up by name; nothing a caller writes becomes part of a statement. */
export interface Table {
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
