import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { readingsOfName, resolveColumn } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { COLUMN_GROUPS, EXPORT_COLUMNS } from '../exports/index.js';

const NAME = /^[A-Za-z][A-Za-z0-9_]{1,39}$/;

/** Prefixes by which a released name fixes the visit. */
const VISIT = /^(?:V\d\d|P0\d)/i;

/** Columns of tables that have no entry among the others: those of shapes, and codes of missing values. */
const OF_SHAPES = /^(?:time|status|competing|left_out|pair|split|part|.*_missing)$/i;

/**
 * Checks the name of a new derived variable.
 *
 * @throws UserError BAD_USER_INPUT for one that is no name, CONFLICT for one that names something else already
 */
export async function checkFreeName(manager: EntityManager, name: string): Promise<void> {
  if (!NAME.test(name)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `name must be 2 to 40 letters, digits and underscores that begin with a letter, got ${JSON.stringify(name.slice(0, 60))}.`,
    );
  }
  if (VISIT.test(name)) {
    throw new UserError('BAD_USER_INPUT', `name must not begin as that of a visit does, got "${name}".`);
  }
  const isColumn = [...COLUMN_GROUPS, ...EXPORT_COLUMNS.map((column) => column.name)].some(
    (column) => column.toUpperCase() === name.toUpperCase(),
  );
  if (isColumn || OF_SHAPES.test(name)) {
    throw new UserError('CONFLICT', `Exports have a column "${name.toLowerCase()}" already; choose another name.`);
  }
  const taken = await variableNamed(manager, name);
  if (taken !== null) {
    throw new UserError('CONFLICT', `"${name}" is, or may be read as, the variable ${taken}; choose another name.`);
  }
}

/** What the name means already, be it with the letter of a knee behind it or without; null where nothing. */
async function variableNamed(manager: EntityManager, name: string): Promise<string | null> {
  const meanings = [name, `${name}R`, `${name}L`].flatMap((one) => readingsOfName(one).map((meaning) => meaning.name));
  const column = meanings.map(resolveColumn).find((found) => found !== undefined);
  if (column) return column.code;
  const rows = await queryRows(
    manager,
    z.object({ name: z.string() }),
    `SELECT name FROM variable WHERE upper(name) = ANY($1)
     UNION ALL SELECT name FROM derived_variable WHERE upper(name) = ANY($1) LIMIT 1`,
    [meanings],
  );
  return rows[0]?.name ?? null;
}
