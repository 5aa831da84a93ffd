import { type Domain, enumName, variablesOf, type VariableTable } from '../../domain/variables/index.js';
import { column, type ColumnField } from './table.js';
import type { ColumnType } from './values.js';

/** The variables of a table that can be filtered by, by their codes. @param join the joined table that has them */
export function variableColumns(table: VariableTable, join?: string): Record<string, ColumnField> {
  return Object.fromEntries(
    variablesOf(table, 'filter').map(({ code, domain, column: name }) => [code, column(typeOf(domain), name, join)]),
  );
}

/** The variables of a table that lists can be ordered by, by their names in the API. */
export function variableOrders(table: VariableTable, join?: string): Record<string, ColumnField> {
  return Object.fromEntries(
    variablesOf(table, 'order').map((variable) => {
      const type = typeOf(variable.domain);
      // Words are ordered as words.
      return [enumName(variable), column(type.kind === 'choice' ? 'text' : type, variable.column, join)];
    }),
  );
}

function typeOf(domain: Domain): ColumnType {
  switch (domain.kind) {
    case 'letter':
      return { kind: 'choice', of: domain.of };
    case 'choice':
      return { kind: 'choice', of: Object.values(domain.codes) };
    case 'boolean':
    case 'date':
    case 'integer':
    case 'real':
      return { kind: domain.kind };
  }
}
