import { FEATURES } from '../../domain/features.js';
import { READING_PROJECTS } from '../../domain/readings.js';
import { DROPPED } from './dropped.js';
import { column } from './table.js';
import type { ColumnField, Table } from './table.js';

const PROJECT = { kind: 'choice', of: READING_PROJECTS } as const;

export const READINGS: Table = {
  name: 'reading',
  joins: {},
  fields: {
    id: column({ kind: 'id', of: 'Reading' }, 'id'),
    project: column(PROJECT, 'project'),
    version: column('text', 'version'),
    kl: column('integer', 'xrkl'),
    grades: { kind: 'group', fields: gradeColumns('real') },
    missing: { kind: 'group', fields: missingCodes() },
    dropped: DROPPED,
  },
};

/** One field per feature, named by its code; joint space narrowing of a reading has decimals. */
export function gradeColumns(narrowing: 'integer' | 'real'): Record<string, ColumnField> {
  return Object.fromEntries(
    FEATURES.map(({ code, decimals }) => [code, column(decimals ? narrowing : 'integer', code.toLowerCase())]),
  );
}

/** OAI's code of each grade that is missing for a stated reason. */
function missingCodes(): Record<string, ColumnField> {
  return Object.fromEntries(
    FEATURES.map(({ code }) => [
      code,
      { ...column('text', 'missing'), sql: (reading: string) => `(${reading}.missing ->> '${code}')` },
    ]),
  );
}
