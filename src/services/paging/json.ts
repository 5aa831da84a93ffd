import type { NodeType } from '../../domain/global-ids.js';
import type { Relation } from './relations.js';

/** SQL of JSON text, given the name of the row it is made of; never null. */
export type JsonSql = (row: string) => string;

/** PostgreSQL writes a value just as JavaScript does: numbers as they are read, text escaped, dates as they are stored. */
export const jsonValue =
  (value: JsonSql): JsonSql =>
  (row) =>
    `coalesce(to_json(${value(row)})::text, 'null')`;

/** A whole number or a truth value: its text is its JSON, for less work. */
export const jsonPlain =
  (value: JsonSql): JsonSql =>
  (row) =>
    `coalesce(${value(row)}::text, 'null')`;

/** A value that is written by other words than the database's. */
export const jsonWord =
  (value: JsonSql, words: ReadonlyMap<string, string>): JsonSql =>
  (row) =>
    `coalesce('"' || CASE ${value(row)} ${[...words].map(([from, to]) => `WHEN '${from}' THEN '${to}'`).join(' ')} END || '"', 'null')`;

/** The id by which the API knows a row. */
export const jsonId =
  (type: NodeType): JsonSql =>
  (row) =>
    `'"' || translate(rtrim(encode(('${type}:' || ${row}.id)::bytea, 'base64'), '='), '+/', '-_') || '"'`;

/** An object of these members; concatenation takes PostgreSQL four fifths of the time of `json_build_object`. */
export function jsonObject(members: ReadonlyMap<string, JsonSql>): JsonSql {
  return (row) => {
    const written = [...members].map(([name, sql], index) => `'${index ? ',' : '{'}"${name}":' || ${sql(row)}`);
    return `${written.join(' || ')} || '}'`;
  };
}

/** Related rows: the one there is, the first or null, or all of them as a list. */
export function jsonRelation({ from, orderBy }: Relation, take: 'only' | 'first' | 'all', item: JsonSql): JsonSql {
  return (parent) => {
    const order = orderBy ? ` ORDER BY ${orderBy}` : '';
    if (take === 'all') {
      return `'[' || (SELECT coalesce(string_agg(${item('r')}, ','${order}), '') FROM ${from(parent)}) || ']'`;
    }
    return `coalesce((SELECT ${item('r')} FROM ${from(parent)}${take === 'first' ? `${order} LIMIT 1` : ''}), 'null')`;
  };
}
