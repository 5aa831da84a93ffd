import type { DataSource } from 'typeorm';
import { z } from 'zod';
import {
  COLUMN_VARIABLES,
  releasedNames,
  resolveColumn,
  STORED_KINDS,
  type StoredKind,
  type VariableTable,
} from '../../domain/variables/index.js';
import { VISIT_CODES, type VisitCode } from '../../domain/visits.js';
import { UserError } from '../../domain/errors.js';
import { queryRow, queryRows } from '../../entities/index.js';
import { valueSql } from '../filters/index.js';
import { resolveVariables } from './catalogue.js';

/** How many values a variable has at a visit. */
export interface VisitCoverage {
  /** Null for what is known of the participant, whatever the visit. */
  visit: VisitCode | null;
  filled: number;
  missing: number;
}

/** A variable that somebody looks for. */
export interface FoundVariable {
  name: string;
  label: string | null;
  unit: string | null;
  owner: VariableTable;
  kind: StoredKind;
  /** Field of the API that has it too; null for those that only the store keeps. */
  field: string | null;
  tables: string[];
  /** What may stand after `@` in its name: readings, or versions of a derived variable. */
  readings: string[];
  /** Key of the derived variable that it is; null for those of the release. */
  derivedId: string | null;
}

const FOUND = z.object({
  name: z.string(),
  label: z.string().nullable(),
  unit: z.string().nullable(),
  owner: z.enum(['participant', 'visit', 'knee_exam']),
  kind: z.enum(STORED_KINDS),
  field: z.string().nullable(),
  tables: z.array(z.string()),
  readings: z.array(z.string()),
  derivedId: z.string().nullable(),
});

/** Variables of the dictionary, of the store and of users; these go before others of their name. */
const ALL = `(
  SELECT *, NULL::uuid AS "derivedId" FROM json_to_recordset($1::json)
    AS c(name text, label text, unit text, owner text, kind text, field text, aliases text, tables text[], readings text[])
  UNION ALL
  SELECT name, label, unit, owner, kind, NULL, '', tables, readings, NULL FROM variable s
    WHERE NOT EXISTS (SELECT 1 FROM derived_variable d WHERE upper(d.name) = upper(s.name))
  UNION ALL
  SELECT name, label, NULL, 'knee_exam', 'CODE', NULL, '', '{}', ARRAY(SELECT generate_series(1, version)::text), id FROM derived_variable
) v`;

/**
 * Variables whose name, label or released column holds each of the words, by name.
 *
 * @param bounds.after name after which the page begins; `before`: one before which it ends
 * @param bounds.most how many, of the last ones where `backwards`
 */
export async function findVariables(
  dataSource: DataSource,
  search: string | null | undefined,
  bounds: { most: number; backwards?: boolean; after?: string | null; before?: string | null },
): Promise<FoundVariable[]> {
  const { most, backwards = false, after, before } = bounds;
  const { condition, words } = matching(search, 5);
  const found = await queryRows(
    dataSource,
    FOUND,
    `SELECT name, label, unit, owner, kind, field, tables, readings, "derivedId" FROM ${ALL}
     WHERE ${condition} AND ($2::text IS NULL OR name COLLATE "C" > $2) AND ($3::text IS NULL OR name COLLATE "C" < $3)
     ORDER BY name COLLATE "C" ${backwards ? 'DESC' : 'ASC'} LIMIT $4`,
    [COLUMNS, after ?? null, before ?? null, most, ...words],
  );
  return backwards ? found.reverse() : found;
}

/** How many variables a search finds. */
export async function countVariables(dataSource: DataSource, search?: string | null): Promise<number> {
  const { condition, words } = matching(search, 2);
  const { count } = await queryRow(
    dataSource,
    z.object({ count: z.number() }),
    `SELECT count(*)::integer AS count FROM ${ALL} WHERE ${condition}`,
    [COLUMNS, ...words],
  );
  return count;
}

const COVERAGE = z.object({ name: z.string(), visit: z.string(), filled: z.number(), missing: z.number() });

/** How many values some variables have by visit, in the order of the names. */
export async function coverageOf(
  dataSource: DataSource,
  found: readonly Pick<FoundVariable, 'name' | 'field' | 'derivedId'>[],
): Promise<VisitCoverage[][]> {
  const stored = found.filter(({ field, derivedId }) => field === null && derivedId === null).map(({ name }) => name);
  const rows = await queryRows(
    dataSource,
    COVERAGE,
    `SELECT v.name, c.visit, c.filled, c.missing FROM variable v JOIN variable_coverage c ON c.variable_id = v.id
     WHERE v.name = ANY($1) AND c.filled + c.missing > 0 ORDER BY v.name, c.visit`,
    [stored],
  );
  for (const { name, field, derivedId } of found) {
    if (field !== null) rows.push(...(await columnCoverage(dataSource, field)));
    if (derivedId !== null) rows.push(...(await derivedCoverage(dataSource, name)));
  }
  const byName = Map.groupBy(rows, ({ name }) => name);
  return found.map(({ name }) =>
    (byName.get(name) ?? []).map(({ visit, filled, missing }) => ({
      visit: VISIT_CODES.find((code) => code === visit) ?? null,
      filled,
      missing,
    })),
  );
}

/** Of a derived variable: exams of which its newest version is known, and not. None while its definition is not valid. */
async function derivedCoverage(dataSource: DataSource, name: string): Promise<z.infer<typeof COVERAGE>[]> {
  const refs = await resolveVariables(dataSource, [name]).catch((error: unknown) => {
    if (error instanceof UserError) return [];
    throw error;
  });
  const [ref] = refs;
  if (!ref) return [];
  const { joins, key } = valueSql(ref, 'knee_exam', 't', 'v');
  return queryRows(
    dataSource,
    COVERAGE,
    `SELECT $1::text AS name, t.visit_code AS visit, count(${key})::integer AS filled, count(*) FILTER (WHERE ${key} IS NULL)::integer AS missing
     FROM knee_exam t${joins} GROUP BY 2 ORDER BY 2`,
    [name],
  );
}

/** Of a variable with a column of its own: counted as it is. */
async function columnCoverage(dataSource: DataSource, field: string): Promise<z.infer<typeof COVERAGE>[]> {
  const { code, owner, column, grade } = COLUMN_VARIABLES.find((one) => one.code === field)!;
  const visit = { participant: `''`, visit: 't.code', knee_exam: 't.visit_code' }[owner];
  const missing = grade
    ? `EXISTS (SELECT 1 FROM reading r WHERE r.exam_id = t.id AND r.project = t.preferred_project AND r.missing ? '${code}')`
    : `t.origins -> '${code}' ->> 2 IS NOT NULL`;
  return queryRows(
    dataSource,
    COVERAGE,
    `SELECT $1::text AS name, ${visit} AS visit, count(t.${column})::integer AS filled,
            count(*) FILTER (WHERE t.${column} IS NULL AND ${missing})::integer AS missing
     FROM ${owner} t GROUP BY 2 HAVING count(t.${column}) > 0 OR bool_or(t.${column} IS NULL AND ${missing}) ORDER BY 2`,
    [field],
  );
}

/** A coded value of a variable of the store, or a code of why there is none. */
export interface VariableLevel {
  text: string;
  number: number | null;
  label: string | null;
  missing: string | null;
}

const LEVEL = z.object({
  code: z.number(),
  text: z.string(),
  number: z.number().nullable(),
  label: z.string().nullable(),
  missing: z.string().nullable(),
});

/** Levels of a variable of the store by their numbers; no more than `most` of them. */
export async function levelsOf(
  dataSource: DataSource,
  variable: number,
  most: number,
): Promise<Map<number, VariableLevel>> {
  const rows = await queryRows(
    dataSource,
    LEVEL,
    'SELECT code, text, number, label, missing FROM variable_level WHERE variable_id = $1 ORDER BY code LIMIT $2',
    [variable, most],
  );
  return new Map(rows.map(({ code, ...level }) => [code, level]));
}

const ALIASES = Map.groupBy(releasedNames(), (name) => resolveColumn(name)!.code);

const COLUMNS = JSON.stringify(
  COLUMN_VARIABLES.map(({ code, owner, kind, label, unit }) => ({
    ...{ name: code, label, unit, owner, kind, field: code },
    ...{ aliases: (ALIASES.get(code) ?? []).join(' '), tables: [], readings: [] },
  })),
);

/** Words of a search that count. */
const MAX_WORDS = 8;

/** That name, label or column holds each of the words. @param first number of the first word's parameter */
function matching(search: string | null | undefined, first: number): { condition: string; words: string[] } {
  const words = (search ?? '')
    .split(/[\s\0]+/)
    .filter(Boolean)
    .slice(0, MAX_WORDS);
  const parts = words.map((_, index) => `concat_ws(' ', v.name, v.label, v.aliases) ILIKE $${first + index}`);
  return {
    condition: ['TRUE', ...parts].join(' AND '),
    words: words.map((word) => `%${word.slice(0, 100).replace(/[\\%_]/g, '\\$&')}%`),
  };
}
