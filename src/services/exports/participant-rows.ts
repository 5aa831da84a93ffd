import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import type { VariableRef } from '../../domain/variables/index.js';
import { compileFilter, type Parameters, PARTICIPANTS, Scope, type Where } from '../filters/index.js';
import { COLUMN_GROUPS, columnsNamed, EXPORT_COLUMNS, type ExportColumn } from './columns.js';
import { namesOfColumns, withVariables } from './variable-columns.js';

/** Columns that a table of participants can have. */
const OF_PARTICIPANTS = EXPORT_COLUMNS.filter(({ owner }) => owner === 'participant');

/** Columns that it always has: who a row is, and whether a phantom. */
const ALWAYS = OF_PARTICIPANTS.filter(({ group }) => group === 'key');

/**
 * The columns of a table with a row for each participant, examined or not, in the order that files have them.
 *
 * @param names columns, or `participant` for all; none: all
 * @param refs variables of the participant: those whose names fix the visit and the knee, where they have one
 * @throws UserError BAD_USER_INPUT for what is a visit's or a knee's
 */
export async function participantColumns(
  dataSource: DataSource,
  names: readonly string[] | null | undefined,
  refs: readonly VariableRef[],
): Promise<ExportColumn[]> {
  for (const name of names ?? []) {
    if (name === 'participant' || OF_PARTICIPANTS.some((column) => column.name === name)) continue;
    const known =
      EXPORT_COLUMNS.some((column) => column.name === name) || COLUMN_GROUPS.some((group) => group === name);
    throw new UserError(
      'BAD_USER_INPUT',
      known
        ? `"${name}" is told of a knee exam; a table of participants has ${OF_PARTICIPANTS.map((column) => column.name).join(', ')}, and variables such as V00AGE.`
        : `${JSON.stringify(name)} is no column of a table of participants.`,
    );
  }
  const all = !names?.length || names.includes('participant');
  const wanted = all ? OF_PARTICIPANTS.map(({ name }) => name) : [...ALWAYS.map(({ name }) => name), ...names];
  return withVariables(dataSource, columnsNamed([...wanted, ...namesOfColumns(refs)]), refs, 'participant');
}

/** The statement of a stretch of participants, by their keys. */
export function participantStatement(
  { where, columns }: { where?: Where | null | undefined; columns: readonly ExportColumn[] },
  parameters: Parameters,
  { after, upTo }: { after: string; upTo: string },
): string {
  const scope = new Scope(PARTICIPANTS, 't');
  const condition = compileFilter(where, scope, parameters);
  return [
    `SELECT ${columns.map(({ sql }, index) => `${sql} AS c${index}`).join(', ')}, participant.phantom AS is_phantom`,
    `FROM (SELECT t.* FROM ${scope.from()} WHERE t.id > ${after} AND t.id <= ${upTo} AND (${condition})) participant`,
    ...columns.map(({ joins }) => joins ?? ''),
    'ORDER BY participant.id',
  ].join(' ');
}
