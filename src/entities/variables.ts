import { Column } from 'typeorm';
import { columnType, variablesOf, type VariableTable, type VariableValues } from '../domain/variables/index.js';

/** What the entity of a table extends to have its variables as properties; {@link addVariableColumns} makes them columns. */
export function withVariables<T extends VariableTable>(_table: T) {
  return class {} as unknown as abstract new () => VariableValues<T>;
}

/** Makes each variable of a table a column of its entity; null means missing. */
export function addVariableColumns(table: VariableTable, { prototype }: { prototype: object }): void {
  for (const variable of variablesOf(table)) {
    Column({ type: columnType(variable), name: variable.column, nullable: true })(prototype, variable.code);
  }
}
