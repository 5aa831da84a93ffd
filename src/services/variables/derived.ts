import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { type DerivedDefinition, type DerivedSource, valuesOfDefinition } from '../../domain/variables/index.js';
import { queryRows } from '../../entities/index.js';
import { countConditions, KNEE_EXAMS } from '../filters/index.js';
import { resolveFilter } from './names.js';

type Database = DataSource | EntityManager;

/** A version of a derived variable that was asked for: by its name in capitals, and its number; null: the newest. */
export interface DerivedName {
  readonly name: string;
  readonly version: number | null;
}

/** What is known of it before its definition is read. */
export interface DerivedRow {
  readonly name: string;
  readonly newest: number;
  /** Of the version that was asked for; null where there is no such version. */
  readonly version: number | null;
  readonly label: string | null;
  readonly definition: DerivedDefinition | null;
}

const DEFINITION = z.union([
  z.object({ bands: z.array(z.object({ label: z.string(), where: z.record(z.string(), z.unknown()) })) }),
  z.object({ where: z.record(z.string(), z.unknown()) }),
]);

const ROW = z.object({
  key: z.string(),
  name: z.string(),
  newest: z.number(),
  version: z.number().nullable(),
  label: z.string().nullable(),
  definition: DEFINITION.nullable(),
});

/** Those of the names that are of derived variables, by `keyOf`. */
export async function findDerived(database: Database, asked: readonly DerivedName[]): Promise<Map<string, DerivedRow>> {
  if (asked.length === 0) return new Map();
  const rows = await queryRows(
    database,
    ROW,
    `SELECT w.key, d.name, d.version AS newest, v.version, v.label, v.definition
     FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::integer[]) w(key, name, version)) w
     JOIN derived_variable d ON upper(d.name) = w.name
     LEFT JOIN derived_variable_version v ON v.variable_id = d.id AND v.version = coalesce(w.version, d.version)`,
    [asked.map(keyOf), asked.map(({ name }) => name), asked.map(({ version }) => version)],
  );
  return new Map(rows.map(({ key, ...row }) => [key, row]));
}

export function keyOf({ name, version }: DerivedName): string {
  return `${name}@${version ?? ''}`;
}

/** The number of the version that stands behind `@` in a name: null where nothing does, 0, of which there is none, for anything else. */
export function versionOf(reading: string | null): number | null {
  if (reading === null) return null;
  return /^\d{1,9}$/.test(reading) ? Number(reading) : 0;
}

export function noSuchVersion({ name, newest }: DerivedRow, asked: string | null): UserError {
  const versions = newest === 1 ? 'its only version is 1' : `its versions are 1 to ${newest}`;
  return new UserError('BAD_USER_INPUT', `There is no ${name}@${asked}; ${versions}.`);
}

/**
 * A definition with everything that it names, ready to be compiled.
 *
 * @throws UserError CONFLICT where it is no longer valid: a variable that it names has gone
 */
export async function derivedSource(
  database: Database,
  { name, version, definition }: DerivedRow & { definition: DerivedDefinition },
): Promise<DerivedSource> {
  try {
    return { derived: name, version: version!, ...(await readDefinition(database, definition)) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      'CONFLICT',
      `The definition of ${name}, version ${version}, is no longer valid: ${error.message}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * What a definition means: its values with resolved filters, and how many conditions they have.
 *
 * @throws UserError BAD_USER_INPUT, LIMIT_EXCEEDED as filters do
 */
export async function readDefinition(
  database: Database,
  definition: DerivedDefinition,
): Promise<Pick<DerivedSource, 'values' | 'otherwise' | 'conditions'>> {
  const { values, otherwise } = valuesOfDefinition(definition);
  const resolved: DerivedSource['values'][number][] = [];
  for (const value of values) resolved.push({ ...value, where: await resolveFilter(database, value.where) });
  const conditions = countConditions({ or: resolved.map(({ where }) => where) }, KNEE_EXAMS);
  return { values: resolved, otherwise, conditions };
}
