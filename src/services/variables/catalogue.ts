import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import {
  type DerivedDefinition,
  readingsOfName,
  releasedNames,
  resolveColumn,
  STORED_KINDS,
  type StoredVariable,
  type VariableRef,
} from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { type DerivedRow, derivedSource, findDerived, keyOf, noSuchVersion, versionOf } from './derived.js';
import { nearestNames } from './nearest.js';

type Database = DataSource | EntityManager;

/** Most variables that one question may name. */
const MAX_VARIABLES = 200;

/** Most conditions that the derived variables of one question may stand for, taken together. */
const MAX_CONDITIONS = 500;

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
 * baseline, "V00KOOSYMR" that of the right knee at baseline. Where several rows tell of one knee, "MCMJSW@37" means reading project 37. Of a derived
 * variable, which goes before any other of its name, "@2" means its second version.
 *
 * @throws UserError BAD_USER_INPUT for a name of nothing, with the nearest names, LIMIT_EXCEEDED for too many, CONFLICT for a derived variable
 *   whose definition is no longer valid
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
  const derived = await derivedOf(database, given, meanings);
  const refs: VariableRef[] = [];
  for (const [index, one] of given.entries()) {
    const row = derived[index];
    if (row) {
      refs.push(await derivedRef(database, one.name, row));
      continue;
    }
    const ref = meanings[index]!.map((meaning) => refOf(one, meaning, stored)).find((found) => found !== null);
    refs.push(ref ?? (await unknownName(database, one.bare)));
  }
  checkConditions(refs, path);
  return refs;
}

/** A derived variable, and the visit and the knee that its name fixes. */
interface FoundDerived {
  row: DerivedRow & { definition: DerivedDefinition };
  meaning: Meaning;
}

/** The derived variables that names mean; null for those that mean none. */
async function derivedOf(
  database: Database,
  given: readonly { name: string; reading: string | null }[],
  meanings: readonly Meaning[][],
): Promise<(FoundDerived | null)[]> {
  const asked = given.map(({ reading }, index) =>
    meanings[index]!.map((meaning) => ({ meaning, name: meaning.name, version: versionOf(reading) })),
  );
  const rows = await findDerived(database, asked.flat());
  return asked.map((readings, index) => {
    const found = readings.find((one) => rows.has(keyOf(one)));
    const row = found && rows.get(keyOf(found))!;
    if (!row) return null;
    if (row.definition === null) throw noSuchVersion(row, given[index]!.reading);
    return { row: { ...row, definition: row.definition }, meaning: found.meaning };
  });
}

async function derivedRef(database: Database, name: string, { row, meaning }: FoundDerived): Promise<VariableRef> {
  const source = await derivedSource(database, row);
  const { visit, side } = meaning;
  return { name, owner: 'knee_exam', visit, side, label: row.label, unit: null, kind: 'CODE', source };
}

/** @throws UserError LIMIT_EXCEEDED where derived variables stand for too many conditions */
function checkConditions(refs: readonly VariableRef[], path: string): void {
  const conditions = refs.reduce((sum, { source }) => sum + ('derived' in source ? source.conditions : 0), 0);
  if (conditions <= MAX_CONDITIONS) return;
  throw new UserError(
    'LIMIT_EXCEEDED',
    `${path} names derived variables of ${conditions} conditions; at most ${MAX_CONDITIONS} are allowed.`,
  );
}

type Meaning = ReturnType<typeof readingsOfName>[number];

function refOf(
  { name, reading }: { name: string; reading: string | null },
  meaning: Meaning,
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
  const rows = await queryRows(
    database,
    z.object({ name: z.string() }),
    'SELECT name FROM variable UNION ALL SELECT name FROM derived_variable',
  );
  const known = [...releasedNames(), ...rows.map((row) => row.name)];
  const nearest = nearestNames(
    readingsOfName(name.slice(0, MAX_NAME)).map((meaning) => meaning.name),
    known,
  );
  const hint = nearest.length > 0 ? `the nearest names are ${nearest.join(', ')}` : 'variables(search:) finds them';
  throw new UserError('BAD_USER_INPUT', `There is no variable ${JSON.stringify(name.slice(0, MAX_NAME))}; ${hint}.`);
}
