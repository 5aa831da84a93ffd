import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { derivedLabels, type StoredKind, type VariableRef, type VariableTable } from '../../domain/variables/index.js';
import { valueSql } from '../filters/index.js';
import { levelsOf } from '../variables/index.js';
import { type ColumnKind, EXPORT_COLUMNS, type ExportColumn } from './columns.js';

/** What rows of a table are, and their alias. */
const ROWS = { knee_exam: 'exam', participant: 'participant' } as const;

/** Coded values that a data dictionary lists. */
const MAX_CODES = 200;

const KINDS: Readonly<Record<StoredKind, ColumnKind>> = {
  NONE: 'text',
  NUMBER: 'real',
  CODE: 'real',
  DATE: 'date',
  TEXT: 'text',
};

/**
 * Names of those variables that are columns of exports under the very same name, such as "age": no table has two columns of one name.
 *
 * @throws UserError BAD_USER_INPUT for the name of a column that is something else
 */
export function namesOfColumns(refs: readonly VariableRef[]): string[] {
  return refs.flatMap((ref) => {
    const column = EXPORT_COLUMNS.find(({ name }) => name === ref.name);
    if (!column) return [];
    if (!isValueOf(column, ref)) throw alreadyThere(column);
    return [ref.name];
  });
}

/**
 * A table's columns with those of variables that were asked for by name: each has the value, and beside it the code of why there is none. Of
 * a variable whose column is there already that code alone is added.
 *
 * @param row what a row is
 * @throws UserError BAD_USER_INPUT for a name that comes twice, is that of a column that is something else, or is told of no row
 */
export async function withVariables(
  dataSource: DataSource,
  columns: readonly ExportColumn[],
  refs: readonly VariableRef[],
  row: keyof typeof ROWS = 'knee_exam',
): Promise<ExportColumn[]> {
  const all = new Map(columns.map((column) => [column.name, column]));
  for (const [index, ref] of refs.entries()) {
    if (refs.findIndex(({ name }) => name === ref.name) < index) {
      throw new UserError('BAD_USER_INPUT', `variables names ${ref.name} twice.`);
    }
    const [value, missing] = await columnsOf(dataSource, ref, row, `w${index}`);
    const there = all.get(value.name);
    if (there && !isValueOf(there, ref)) throw alreadyThere(there);
    all.set(value.name, there ? { ...there, missing: missing.name } : value);
    const code = all.get(missing.name);
    // A grade's code is there with it.
    if (code && there?.missing !== code.name) throw alreadyThere(code);
    // The code's own joins are the value's, which the column that was there does without.
    if (!code) all.set(missing.name, { ...missing, ...(there && value.joins ? { joins: value.joins } : {}) });
  }
  return [...all.values()];
}

/** Whether a column holds the very variable, of no other visit or knee than the row's own. */
function isValueOf({ variable }: ExportColumn, { source, visit, side }: VariableRef): boolean {
  return 'code' in source && source.code === variable && visit === null && side === null;
}

function alreadyThere({ name, description }: ExportColumn): UserError {
  return new UserError(
    'BAD_USER_INPUT',
    `variables names ${name}, but a column "${name}" of this table is something else: ${description}. Write the name in other letter case.`,
  );
}

async function columnsOf(
  dataSource: DataSource,
  ref: VariableRef,
  row: keyof typeof ROWS,
  fresh: string,
): Promise<[value: ExportColumn, missing: ExportColumn]> {
  const { name, unit, kind } = ref;
  const { joins, exact, text, missing } = valueSql(ref, row, ROWS[row], fresh);
  const codes = kind === 'CODE' ? await codesOf(dataSource, ref) : null;
  const shared = { group: 'variables', nullable: true, owner: ownerOf(ref) } as const;
  return [
    {
      ...shared,
      name,
      kind: KINDS[kind],
      description: describe(ref),
      // Plain letters, for the programs that read no others.
      ...(unit === null ? {} : { unit: unit.replace('²', '2') }),
      ...(codes ? { codes } : {}),
      missing: `${name}_missing`,
      sql: KINDS[kind] === 'real' ? exact : text,
      joins,
    },
    {
      ...shared,
      name: `${name}_missing`,
      kind: 'text',
      description:
        'derived' in ref.source
          ? `Empty: of why ${name} is not known there is no code`
          : `OAI's code of why ${name} is missing; missing itself where there is a value, or where the release is blank`,
      sql: missing,
    },
  ];
}

function describe({ name, label, source }: VariableRef): string {
  if ('derived' in source) return `${label}; derived variable ${source.derived}, version ${source.version}`;
  return label ?? `Released column ${name}`;
}

/** What a name fixes is the same for all exams of a person, or of a knee. */
function ownerOf({ owner, visit, side }: VariableRef): VariableTable {
  const ofPerson = owner === 'knee_exam' ? side !== null : visit !== null;
  return ofPerson ? 'participant' : owner;
}

async function codesOf(dataSource: DataSource, { source }: VariableRef): Promise<Record<string, string> | null> {
  if ('code' in source) return null;
  if ('derived' in source)
    return Object.fromEntries(derivedLabels(source).map(({ code, label }) => [String(code), label]));
  const levels = await levelsOf(dataSource, source.id, MAX_CODES + 1);
  if (levels.size > MAX_CODES) return null;
  const values = [...levels.values()].filter(({ missing }) => missing === null);
  return Object.fromEntries(values.map(({ text, label }) => [text, label ?? text]));
}
