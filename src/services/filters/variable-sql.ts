import { escapeLiteral } from 'pg';
import { UserError } from '../../domain/errors.js';
import {
  BLOCK,
  COLUMN_VARIABLES,
  type ColumnVariable,
  derivedLabels,
  type DerivedSource,
  type StoredSource,
  type VariableRef,
  type VariableTable,
} from '../../domain/variables/index.js';
import { derivedTable } from './derived-sql.js';

/** SQL of one variable's value on rows of another table, and what has to be joined for it. */
export interface ValueSql {
  /** ` LEFT JOIN ...`, each of which finds one row or none. */
  readonly joins: string;
  /** What rows with the same value share; null where there is none. Of the store: the number of a level, that of a missing code too. */
  readonly key: string;
  readonly text: string;
  /** In single precision, as columns of ours are. */
  readonly number: string;
  /** The number as it was written. */
  readonly exact: string;
  readonly missing: string;
  /** What a coded value stands for. */
  readonly label: string;
  /** Whether a row of a table said something that a newer version of the table has no more. */
  readonly dropped: string;
}

/**
 * The value of a variable on the rows `alias` of a table.
 *
 * @param fresh begins aliases that nothing else uses
 * @param levels false: only `key` and joins for it are wanted, of variables of the store
 * @throws UserError BAD_USER_INPUT where the name leaves open which visit or knee of the rows is meant
 */
export function valueSql(
  ref: VariableRef,
  from: VariableTable,
  alias: string,
  fresh: string,
  { levels = true }: { levels?: boolean } = {},
): ValueSql {
  const owner = ownerJoin(ref, from, alias, fresh);
  const { source } = ref;
  if ('code' in source) return columnValue(source.code, owner, fresh);
  if ('derived' in source) {
    const joins = ` LEFT JOIN ${derivedTable(source)} ${fresh}d ON ${fresh}d.id = ${owner.id}`;
    return { ...derivedValue(source, `${fresh}d`), joins: owner.joins + joins };
  }
  const { id } = source;
  const blocks = source.readings.map((reading, index) => ({ alias: `${fresh}b${index}`, reading }));
  const joins = blocks.map(
    (block) =>
      ` LEFT JOIN variable_block ${block.alias} ON ${block.alias}.variable_id = ${id}` +
      ` AND ${block.alias}.reading = ${quoted(block.reading)} AND ${block.alias}.block = ${owner.id} / ${BLOCK}`,
  );
  const codes = blocks.map((block) => `${block.alias}.codes[${owner.id} % ${BLOCK} + 1]`);
  const said = codes.map((code) => `nullif(greatest(${code}, 0), 0)`);
  const key = said.length === 1 ? said[0]! : `coalesce(${said.join(', ')})`;
  const level = `${fresh}l`;
  const levelJoin = levels
    ? ` LEFT JOIN variable_level ${level} ON ${level}.variable_id = ${id} AND ${level}.code = ${key}`
    : '';
  return {
    joins: owner.joins + joins.join('') + levelJoin,
    key,
    text: `CASE WHEN ${level}.missing IS NULL THEN ${level}.text END`,
    number: `${level}.number::real`,
    exact: `${level}.number`,
    missing: `${level}.missing`,
    label: `${level}.label`,
    dropped: `(${codes.map((code) => `${code} < 0`).join(' OR ')}) IS TRUE`,
  };
}

/**
 * That rows of a table have a value of which `holds` is true: a condition that is worked out once and then looked up.
 *
 * @param holds condition on the value's number, text and missing code, as SQL
 */
export function conditionSql(
  ref: VariableRef,
  from: VariableTable,
  alias: string,
  fresh: string,
  holds: (value: Pick<ValueSql, 'text' | 'number' | 'missing'>) => string,
): string {
  const { outer, inner, where } = ownersLike(ref, from, alias, `${fresh}o`);
  const { source } = ref;
  const owner = `${fresh}o`;
  if ('code' in source) {
    const value = columnValue(source.code, { id: `${owner}.id`, row: owner, joins: '' }, fresh);
    return `(${outer} IN (SELECT ${keys(inner).join(', ')} FROM ${ref.owner} ${owner} WHERE ${[...where, holds(value)].join(' AND ')}) IS TRUE)`;
  }
  const ids = 'derived' in source ? derivedIdsWhere(source, fresh, holds) : idsWhere(source, fresh, holds);
  const found =
    inner === `${owner}.id` && where.length === 0
      ? ids
      : `SELECT ${keys(inner).join(', ')} FROM ${ref.owner} ${owner} WHERE ${[...where, `${owner}.id IN (${ids})`].join(' AND ')}`;
  return `(${outer} IN (${found}) IS TRUE)`;
}

/** Keys of the exams of which a derived variable holds. */
function derivedIdsWhere(source: DerivedSource, fresh: string, holds: Parameters<typeof idsWhere>[2]): string {
  const exam = `${fresh}d`;
  return `SELECT ${exam}.id FROM ${derivedTable(source)} ${exam} WHERE ${holds(derivedValue(source, exam))}`;
}

/** Keys of the owners whose cell holds. */
function idsWhere(
  { id, readings }: StoredSource,
  fresh: string,
  holds: (value: Pick<ValueSql, 'text' | 'number' | 'missing'>) => string,
): string {
  const [block, cell, level] = [`${fresh}b`, `${fresh}c`, `${fresh}l`];
  const owner = `(${block}.block * ${BLOCK} + ${cell}.place - 1)::integer`;
  const cells =
    `FROM variable_block ${block} CROSS JOIN LATERAL unnest(${block}.codes) WITH ORDINALITY ${cell}(code, place)` +
    ` WHERE ${block}.variable_id = ${id} AND ${block}.reading = ANY(ARRAY[${readings.map(quoted).join(', ')}]::text[]) AND ${cell}.code > 0`;
  const condition = holds({
    text: `CASE WHEN ${level}.missing IS NULL THEN ${level}.text END`,
    number: `${level}.number::real`,
    missing: `${level}.missing`,
  });
  const first =
    readings.length === 1
      ? `SELECT ${owner} AS owner, ${cell}.code ${cells}`
      : // The first reading that says anything counts, as everywhere else.
        `SELECT DISTINCT ON (1) ${owner} AS owner, ${cell}.code ${cells}` +
        ` ORDER BY 1, array_position(ARRAY[${readings.map(quoted).join(', ')}]::text[], ${block}.reading)`;
  return (
    `SELECT ${fresh}f.owner FROM (${first}) ${fresh}f JOIN variable_level ${level}` +
    ` ON ${level}.variable_id = ${id} AND ${level}.code = ${fresh}f.code WHERE ${condition}`
  );
}

interface OwnerJoin {
  /** The owner's key. */
  id: string;
  /** The owner's row, where it was joined; columns need it. */
  row: string;
  joins: string;
}

/** The row that owns the value, joined where it is not the row itself. */
function ownerJoin(ref: VariableRef, from: VariableTable, alias: string, fresh: string): OwnerJoin {
  const owner = `${fresh}o`;
  const { outer, inner, where } = ownersLike(ref, from, alias, owner);
  // The store needs the owner's key alone, which an exam has of its visit and its participant.
  if (!('code' in ref.source) && inner === `${owner}.id` && where.length === 0)
    return { id: outer, row: alias, joins: '' };
  if (ref.owner === from && outer === `${alias}.id`) return { id: outer, row: alias, joins: '' };
  const [left, right] = [keys(outer), keys(inner)];
  const on = [...left.map((key, index) => `${right[index]!} = ${key}`), ...where].join(' AND ');
  return { id: `${owner}.id`, row: owner, joins: ` LEFT JOIN ${ref.owner} ${owner} ON ${on}` };
}

/**
 * How rows of a table find the owner of a value: `outer` of the row equals `inner` of the owner, of which `where` holds.
 *
 * @throws UserError BAD_USER_INPUT where the name leaves open which visit or knee is meant
 */
function ownersLike(
  { name, owner, visit, side }: VariableRef,
  from: VariableTable,
  alias: string,
  row: string,
): { outer: string; inner: string; where: string[] } {
  const person = from === 'participant' ? `${alias}.id` : `${alias}.participant_id`;
  if (owner === 'participant') return { outer: person, inner: `${row}.id`, where: [] };
  const code = owner === 'visit' ? 'code' : 'visit_code';
  const atVisit = visit === null ? [] : [`${row}.${code} = ${quoted(visit)}`];
  if (visit === null && from === 'participant') {
    throw new UserError(
      'BAD_USER_INPUT',
      `${name} is of a visit: name the visit too, e.g. V00${name}${owner === 'knee_exam' && side === null ? 'R' : ''}.`,
    );
  }
  if (owner === 'visit') {
    if (visit === null)
      return { outer: from === 'visit' ? `${alias}.id` : `${alias}.visit_id`, inner: `${row}.id`, where: [] };
    return { outer: person, inner: `${row}.participant_id`, where: atVisit };
  }
  const ofSide = side === null ? [] : [`${row}.side = ${quoted(side)}`];
  if (side === null && from !== 'knee_exam') {
    throw new UserError('BAD_USER_INPUT', `${name} is of one knee: name the knee too, e.g. ${name}R.`);
  }
  if (visit === null && side === null) return { outer: `${alias}.id`, inner: `${row}.id`, where: [] };
  if (visit === null) {
    return { outer: from === 'visit' ? `${alias}.id` : `${alias}.visit_id`, inner: `${row}.visit_id`, where: ofSide };
  }
  if (side === null) {
    return { outer: `(${person}, ${alias}.side)`, inner: `(${row}.participant_id, ${row}.side)`, where: atVisit };
  }
  return { outer: person, inner: `${row}.participant_id`, where: [...atVisit, ...ofSide] };
}

/** The columns of a key: "(a, b)" has two. */
function keys(key: string): string[] {
  return key.replace(/^\(|\)$/g, '').split(', ');
}

function columnValue(code: string, { row, joins }: OwnerJoin, fresh: string): ValueSql {
  const { column, kind, grade, truth } = columnOf(code);
  const value = `${row}.${column}${truth ? '::integer' : ''}`;
  const reading = `${fresh}r`;
  const missing = grade
    ? `(SELECT ${reading}.missing ->> '${code}' FROM reading ${reading} WHERE ${reading}.exam_id = ${row}.id AND ${reading}.project = ${row}.preferred_project)`
    : `(${row}.origins -> '${code}' ->> 2)`;
  return {
    joins,
    key: `${value}::text`,
    text: `${value}::text`,
    number: kind === 'NUMBER' ? `${value}::real` : 'NULL::real',
    exact: kind === 'NUMBER' ? `${value}` : 'NULL::real',
    missing: `CASE WHEN ${value} IS NULL THEN ${missing} END`,
    label: truth ? `CASE ${value} WHEN 1 THEN 'Yes' WHEN 0 THEN 'No' END` : 'NULL::text',
    dropped: 'false',
  };
}

/** A derived variable, of rows of `derivedTable`. Why it is not known, it does not say. */
function derivedValue(source: DerivedSource, row: string): Omit<ValueSql, 'joins'> {
  const labels = derivedLabels(source).map(({ code, label }) => `WHEN ${code} THEN ${quoted(label)}`);
  return {
    key: `${row}.code`,
    text: `${row}.code::text`,
    number: `${row}.code::real`,
    exact: `${row}.code`,
    missing: 'NULL::text',
    label: `CASE ${row}.code ${labels.join(' ')} END`,
    dropped: 'false',
  };
}

/** The column of a variable that has one. */
function columnOf(code: string): ColumnVariable {
  return COLUMN_VARIABLES.find((one) => one.code === code)!;
}

/** A word as a literal: names of readings come from imported tables, labels of bands from whoever defined them. */
function quoted(text: string): string {
  return escapeLiteral(text);
}
