import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { derivedLabels, type StoredKind, type VariableRef, type VariableTable } from '../../domain/variables/index.js';
import { valueSql } from '../filters/index.js';
import { levelsOf } from '../variables/index.js';
import type { ColumnKind, ExportColumn } from './columns.js';

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
 * Columns of variables that were asked for by name: each has the value, and beside it the code of why there is none.
 *
 * @throws UserError BAD_USER_INPUT for a name that comes twice
 */
export async function variableColumns(dataSource: DataSource, refs: readonly VariableRef[]): Promise<ExportColumn[]> {
  const columns: ExportColumn[] = [];
  for (const [index, ref] of refs.entries()) {
    if (columns.some(({ name }) => name === ref.name)) {
      throw new UserError('BAD_USER_INPUT', `variables names ${ref.name} twice.`);
    }
    columns.push(...(await columnsOf(dataSource, ref, `w${index}`)));
  }
  return columns;
}

async function columnsOf(dataSource: DataSource, ref: VariableRef, fresh: string): Promise<ExportColumn[]> {
  const { name, unit, kind } = ref;
  const { joins, exact, text, missing } = valueSql(ref, 'knee_exam', 'exam', fresh);
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
