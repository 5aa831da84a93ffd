import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import {
  COLUMN_VARIABLES,
  type ColumnVariable,
  readingsOfName,
  releasedNames,
  resolveColumn,
  STORED_KINDS,
  type StoredVariable,
  type VariableRef,
} from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { nearestNames } from './nearest.js';

type Database = DataSource | EntityManager;

/** Most variables that one question may name. */
const MAX_VARIABLES = 200;

/** Longer than any name of a column: SAS allows 32 letters. */
const MAX_NAME = 60;

const STORED = z.object({
  id: z.number(),
  name: z.string(),
  owner: z.enum(['participant', 'visit', 'knee_exam']),
  kind: z.enum(STORED_KINDS),
  label: z.string().nullable(),
  unit: z.string().nullable(),
  tables: z.array(z.string()),
  readings: z.array(z.string()),
});

export const STORED_COLUMNS = 'v.id, v.name, v.owner, v.kind, v.label, v.unit, v.tables, v.readings';

/**
 * What names mean: a variable of the dictionary by its own name ("koosPain") or that of its released column, and a variable of the store. The
 * visit's prefix and the knee's letter fix the visit and the knee: "KOOSYM" is the exam's own score, "V00KOOSYM" that of the same knee at
 * baseline, "V00KOOSYMR" that of the right knee at baseline. Where several rows tell of one knee, "MCMJSW@37" means reading project 37.
 *
 * @throws UserError BAD_USER_INPUT for a name of nothing, with the nearest names, LIMIT_EXCEEDED for too many
 */
export async function resolveVariables(
  database: Database,
  names: readonly string[],
  path = 'variables',
): Promise<VariableRef[]> {
  if (names.length > MAX_VARIABLES) {
    throw new UserError(
      'LIMIT_EXCEEDED',
      `${path} names ${names.length} variables; at most ${MAX_VARIABLES} are allowed.`,
    );
  }
  const given = names.map((name) => {
    const [, bare = '', reading = null] = /^([^@]*)(?:@(.*))?$/s.exec(name) ?? [];
    // PostgreSQL has no text with U+0000, and no column such a name.
    return { name, bare: bare.slice(0, MAX_NAME).replaceAll('\0', ' '), reading };
  });
  const meanings = given.map(({ bare }) => readingsOfName(bare));
  const asked = [...new Set(meanings.flat().map(({ name }) => name))];
  const rows =
    asked.length === 0
      ? []
      : await queryRows(database, STORED, `SELECT ${STORED_COLUMNS} FROM variable v WHERE upper(v.name) = ANY($1)`, [
          asked,
        ]);
  const stored = new Map(rows.map((row) => [row.name.toUpperCase(), row]));
  const refs: VariableRef[] = [];
  for (const [index, one] of given.entries()) {
    const ref = meanings[index]!.map((meaning) => refOf(one, meaning, stored)).find((found) => found !== null);
    refs.push(ref ?? (await unknownName(database, one.bare)));
  }
  return refs;
}

function refOf(
  { name, reading }: { name: string; reading: string | null },
  meaning: ReturnType<typeof readingsOfName>[number],
  stored: ReadonlyMap<string, StoredVariable>,
): VariableRef | null {
  const { visit, side } = meaning;
  const column = resolveColumn(meaning.name);
  if (column && fits(column.owner, meaning)) {
    if (reading !== null) throw new UserError('BAD_USER_INPUT', `${name} has no readings to choose from.`);
    const { code, owner, label, unit, kind } = column;
    // What was asked at the screening is kept with the baseline visit.
    const at = visit ?? (/^P0\d/.test(meaning.name) && owner !== 'participant' ? 'V00' : null);
    return { name, owner, visit: at, side, label, unit, kind, source: { code } };
  }
  const variable = stored.get(meaning.name);
  if (!variable || !fits(variable.owner, meaning)) return null;
  const { id, owner, label, unit, kind, readings } = variable;
  if (reading !== null && !readings.includes(reading)) {
    throw new UserError(
      'BAD_USER_INPUT',
      `There is no ${name}; readings of it are ${readings.filter(Boolean).slice(0, 12).join(', ') || 'without names'}.`,
    );
  }
  const at = visit ?? (/^P0\d/.test(meaning.name) && owner !== 'participant' ? 'V00' : null);
  return {
    name,
    owner,
    visit: at,
    side,
    label,
    unit,
    kind,
    source: { id, readings: reading === null ? readings : [reading] },
  };
}

/** A visit has no knees, and a person no visits. */
function fits(owner: VariableRef['owner'], { visit, side }: Pick<VariableRef, 'visit' | 'side'>): boolean {
  return (side === null || owner === 'knee_exam') && (visit === null || owner !== 'participant');
}

async function unknownName(database: Database, name: string): Promise<never> {
  const rows = await queryRows(database, z.object({ name: z.string() }), 'SELECT name FROM variable');
  const known = [...releasedNames(), ...rows.map((row) => row.name)];
  const nearest = nearestNames(
    readingsOfName(name.slice(0, MAX_NAME)).map((meaning) => meaning.name),
    known,
  );
  const hint = nearest.length > 0 ? `the nearest names are ${nearest.join(', ')}` : 'variables(search:) finds them';
  throw new UserError('BAD_USER_INPUT', `There is no variable ${JSON.stringify(name.slice(0, MAX_NAME))}; ${hint}.`);
}

/** The column of a variable that has one. */
export function columnOf(code: string): ColumnVariable {
  return COLUMN_VARIABLES.find((one) => one.code === code)!;
}
