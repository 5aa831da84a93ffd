import { getNamedType, isEnumType, isObjectType } from 'graphql';
import type { FieldNode, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo, SelectionSetNode } from 'graphql';
import { droppedSql } from '../entities/index.js';
import type { NodeType } from '../domain/global-ids.js';
import { protocolSql, sideSql } from '../domain/mri-protocols.js';
import {
  EXAM_RELATIONS,
  jsonId,
  jsonObject,
  jsonPlain,
  jsonRelation,
  type JsonSql,
  jsonValue,
  jsonWord,
  type Relation,
} from '../services/paging/index.js';
import type { Context } from './context.js';
import { EXAM, MRI_SERIES, PARTICIPANT, RADIOGRAPH, READING, VISIT } from './exam-pages.js';
import { plainFields } from './look-ahead.js';

/** How PostgreSQL writes a row of a type into an answer. */
interface Written {
  /** Where it shows a property of the same name, that is a column. */
  sources: Record<string, readonly string[]>;
  /** Fields that are made otherwise of the row. */
  values?: Record<string, JsonSql>;
  /** Fields that are rows of other tables. */
  relations?: Record<string, { relation: Relation; take: 'only' | 'first' | 'all' }>;
}

const dropped = { dropped: droppedSql };
const kl = { kl: (row: string) => `${row}.xrkl` };

const WRITTEN: Partial<Record<NodeType, Written>> = {
  KneeExam: {
    sources: EXAM,
    values: kl,
    relations: {
      visit: { relation: EXAM_RELATIONS.visit, take: 'only' },
      participant: { relation: EXAM_RELATIONS.participant, take: 'only' },
      readings: { relation: EXAM_RELATIONS.readings, take: 'all' },
      radiograph: { relation: EXAM_RELATIONS.films, take: 'first' },
      radiographs: { relation: EXAM_RELATIONS.films, take: 'all' },
      mriSeries: { relation: EXAM_RELATIONS.realSeries, take: 'all' },
    },
  },
  Visit: { sources: VISIT, values: dropped },
  Participant: { sources: PARTICIPANT, values: dropped },
  Reading: { sources: READING, values: { ...kl, ...dropped } },
  Radiograph: { sources: RADIOGRAPH, values: { ...dropped, bilateral: (row) => `(${row}.visit_id IS NOT NULL)` } },
  MriSeries: {
    sources: MRI_SERIES,
    values: {
      ...dropped,
      synthetic: (row) => `${row}.synthetic`,
      protocol: (row) => protocolSql(`${row}.sequence`),
      side: (row) => sideSql(`${row}.sequence`),
    },
  },
};

/** Scalars that PostgreSQL writes as graphql-js does. */
const SCALARS: Partial<Record<string, (value: JsonSql) => JsonSql>> = {
  Int: jsonPlain,
  Boolean: jsonPlain,
  Float: jsonValue,
  String: jsonValue,
  Date: jsonValue,
};

/** Members of one object: PostgreSQL nests expressions only so deep. */
const MAX_MEMBERS = 100;

type Document = Pick<GraphQLResolveInfo, 'schema' | 'fragments'>;

const known = new WeakMap<FieldNode, JsonSql | null>();

/**
 * SQL of the exams that a connection is asked for as nodes, if PostgreSQL can write all that is asked of them: columns and
 * the rows beside an exam, and no edges. Whatever else is asked, be it one field, gives undefined, and the rows are read.
 */
export function examsAsJson({ rawLists }: Context, info: GraphQLResolveInfo): JsonSql | undefined {
  const { fieldNodes, returnType } = info;
  const [field, ...more] = fieldNodes;
  if (!rawLists || more.length > 0) return undefined;
  let sql = known.get(field!);
  if (sql === undefined) known.set(field!, (sql = nodesOf(returnType, fieldNodes, info) ?? null));
  return sql ?? undefined;
}

function nodesOf(returnType: GraphQLOutputType, fieldNodes: readonly FieldNode[], document: Document) {
  const connection = getNamedType(returnType) as GraphQLObjectType;
  const asked = [...(plainFields(connection, below(fieldNodes), document)?.values() ?? [])];
  const lists = asked.filter(([node]) => node!.name.value === 'nodes');
  if (lists.length !== 1 || asked.some(([node]) => node!.name.value === 'edges')) return undefined;
  return objectOf(connection.getFields()['nodes']!.type, lists[0]!, document);
}

function objectOf(type: GraphQLOutputType, nodes: readonly FieldNode[], document: Document): JsonSql | undefined {
  const object = getNamedType(type);
  const written = isObjectType(object) ? WRITTEN[object.name as NodeType] : undefined;
  const asked = written && plainFields(object as GraphQLObjectType, below(nodes), document);
  if (!asked || asked.size > MAX_MEMBERS) return undefined;
  const members = new Map<string, JsonSql>();
  for (const [key, fields] of asked) {
    const member = memberOf(object as GraphQLObjectType, written, fields, document);
    if (!member) return undefined;
    members.set(key, member);
  }
  return jsonObject(members);
}

function memberOf(
  object: GraphQLObjectType,
  { sources, values, relations }: Written,
  nodes: readonly FieldNode[],
  document: Document,
): JsonSql | undefined {
  const name = nodes[0]!.name.value;
  if (name === '__typename') return () => `'"${object.name}"'`;
  if (name === 'id') return jsonId(object.name as NodeType);
  if (nodes.some(({ arguments: given }) => given?.length)) return undefined;
  const { type } = object.getFields()[name]!;
  const related = relations?.[name];
  if (related) {
    const item = objectOf(type, nodes, document);
    return item && jsonRelation(related.relation, related.take, item);
  }
  const value = values?.[name] ?? (sources[name]?.[0] === name ? columnOf(name) : undefined);
  const leaf = getNamedType(type);
  if (!value) return undefined;
  if (isEnumType(leaf)) {
    const words = new Map(leaf.getValues().map(({ name: word, value: stored }) => [String(stored), word]));
    return [...words].every(([stored, word]) => stored === word) ? jsonValue(value) : jsonWord(value, words);
  }
  return SCALARS[leaf.name]?.(value);
}

/** The column of a property, as the naming strategy of the database names it. */
function columnOf(property: string): JsonSql {
  const column = property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return (row) => `${row}."${column}"`;
}

function below(nodes: readonly FieldNode[]): SelectionSetNode[] {
  return nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
}
