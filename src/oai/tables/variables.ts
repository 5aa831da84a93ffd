import { cellInReason } from '../cells-in-reasons.js';
import type { Side } from '../../domain/participants.js';
import { sourceColumns, type Domain, type VariableTable, variablesOf } from '../../domain/variables/index.js';
import type { VisitCode } from '../../domain/visits.js';
import { parseCode, parseDate, parseNumber, parseText, refuseRow } from '../values.js';
import type { Columns } from './columns.js';
import { type FieldColumns, fieldOf } from './reader.js';

/** The variables of `table` that a released table has columns for. */
export function variableFields(
  columns: Columns,
  table: VariableTable,
  visit: VisitCode | null,
  side?: Side,
): FieldColumns[] {
  return variablesOf(table).flatMap((variable) =>
    fieldOf(variable.code, columns.all(...sourceColumns(variable, visit, side)), parserOf(variable.domain)),
  );
}

const YES_OR_NO: Readonly<Record<string, boolean>> = { 0: false, 1: true };

/** How cells of a domain are read. */
export function parserOf(domain: Domain): FieldColumns['parse'] {
  switch (domain.kind) {
    case 'integer': {
      const { codes } = domain;
      if (codes) return (text, column) => parseCode(text, column, codes);
      return (text, column) => {
        const value = parseNumber(text, column, domain);
        return value === null ? null : Math.floor(value);
      };
    }
    case 'real':
      return (text, column) => parseNumber(text, column, domain);
    case 'boolean':
      return (text, column) => parseCode(text, column, YES_OR_NO);
    case 'date':
      return parseDate;
    case 'letter':
      return (text, column) => parseLetter(text, column, domain.of);
    case 'choice': {
      const meanings = { ...domain.codes, ...domain.also };
      return (text, column) => parseCode(text, column, meanings);
    }
  }
}

/** A letter; it would be a missing code in a column of numbers. */
function parseLetter(text: string, column: string, accepted: readonly string[]): string | null {
  const letter = parseText(text)?.replace(/:.*$/, '').toUpperCase() ?? null;
  return letter === null || accepted.includes(letter)
    ? letter
    : refuseRow(`${column} is "${cellInReason(letter)}"; a letter is accepted: ${accepted.join(', ')}`);
}
