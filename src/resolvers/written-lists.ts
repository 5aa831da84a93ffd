import { getNamedType, getNullableType, isEnumType, isListType, isObjectType } from 'graphql';
import type { FieldNode, GraphQLOutputType, GraphQLResolveInfo } from 'graphql';
import type { Context } from './context.js';
import { plainFields } from './look-ahead.js';

/** Shorter lists are not worth the look at what is asked of them. */
const LONG = 200;

/** A value as JSON. */
type Writer = (value: unknown) => string;

/**
 * What a field resolves to that is a list of plain values: a long one is written as JSON at once, because graphql-js takes ten times as long to
 * complete each value by itself. Where more is asked of it than properties of its rows, rows are what they were.
 */
export function writtenList<T extends object>(
  { rawLists }: Context,
  info: GraphQLResolveInfo,
  rows: readonly T[],
): readonly T[] {
  if (!rawLists || rows.length < LONG || info.fieldNodes.length > 1) return rows;
  const write = writerOf(info.returnType, info.fieldNodes, info);
  return write ? rawLists.add(info.path, write(rows)) : rows;
}

function writerOf(type: GraphQLOutputType, nodes: readonly FieldNode[], document: Document): Writer | undefined {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    const item = writerOf(nullable.ofType, nodes, document);
    return item && ((list) => `[${(list as unknown[]).map(item).join(',')}]`);
  }
  const named = getNamedType(nullable);
  if (isEnumType(named)) {
    const words = new Map(named.getValues().map(({ name, value }) => [value as unknown, `"${name}"`]));
    return (value) => words.get(value) ?? 'null';
  }
  if (!isObjectType(named)) return SCALARS[named.name];
  const asked = plainFields(
    named,
    nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
    document,
  );
  if (!asked) return undefined;
  const members: { start: string; name: string; write: Writer }[] = [];
  for (const [key, fields] of asked) {
    const { value: name } = fields[0]!.name;
    const field = named.getFields()[name];
    const isPlain = field !== undefined && field.resolve === undefined;
    const write =
      name === '__typename' ? () => `"${named.name}"` : isPlain ? writerOf(field.type, fields, document) : undefined;
    if (!write) return undefined;
    members.push({ start: `${members.length ? ',' : '{'}"${key}":`, name, write });
  }
  return (row) => {
    let text = '';
    for (const { start, name, write } of members) text += start + write((row as Record<string, unknown>)[name]);
    return `${text}}`;
  };
}

type Document = Pick<GraphQLResolveInfo, 'schema' | 'fragments'>;

/** Scalars whose values are in rows as the answer has them. */
const SCALARS: Partial<Record<string, Writer>> = {
  Int: (value) => String(value ?? null),
  Boolean: (value) => String(value ?? null),
  String: (value) => (value == null ? 'null' : JSON.stringify(value)),
};
