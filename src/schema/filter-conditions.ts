import { getNamedType, isInputObjectType, isListType, isNonNullType, Kind, separateOperations } from 'graphql';
import { TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import type {
  ArgumentNode,
  DirectiveNode,
  DocumentNode,
  GraphQLInputObjectType,
  GraphQLInputType,
  GraphQLNamedInputType,
  GraphQLSchema,
  ValueNode,
  VariableDefinitionNode,
} from 'graphql';
import { UserError } from '../domain/errors.js';

/** What stands where an operation names a variable that was not given a value. */
const OMITTED = Symbol('omitted');

/** Fields of inputs that narrow as a filter does: without them an export is of all exams, or of the newest version of a cohort. */
const NARROWING: ReadonlySet<string> = new Set(['cohortId', 'cohortVersion', 'pairs']);

type Variables = Readonly<Record<string, unknown>>;

/** An argument that holds a filter somewhere, and the directives that may leave its field out. */
interface FilterArgument {
  node: ArgumentNode;
  type: GraphQLInputType;
  directives: readonly DirectiveNode[];
}

interface FilterArguments {
  list: readonly FilterArgument[];
  defaults: Variables;
}

/** Filters of documents by operation; documents are parsed once, and forgotten with their parse. */
const known = new WeakMap<DocumentNode, Map<string | undefined, FilterArguments>>();

/**
 * Refuses an operation in which a filter would mean more than its text says: graphql-js drops a field whose variable was not given, so
 * that `kl: { eq: $k }` would become `kl: {}`, and that no condition at all. A whole `where` that is left out, or `{}`, is everything.
 *
 * @throws UserError BAD_USER_INPUT that names the place in the words that `null` gets there
 */
export function assertConditions(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Variables | undefined,
  operationName: string | undefined,
): void {
  let operations = known.get(document);
  if (!operations) known.set(document, (operations = new Map()));
  let found = operations.get(operationName);
  if (!found) operations.set(operationName, (found = filterArguments(schema, document, operationName)));
  const given: Variables = { ...found.defaults, ...variables };
  for (const { node, type, directives } of found.list) {
    if (directives.some((directive) => leavesOut(directive, given))) continue;
    const value = valueOf(node.value, given);
    if (value !== OMITTED) assertValue(type, value, { path: node.name.value, inFilter: false });
  }
}

/**
 * The same for a filter that came as JSON.
 *
 * @throws UserError BAD_USER_INPUT
 */
export function assertJsonConditions(type: GraphQLInputType, json: unknown): void {
  assertValue(type, json, { path: 'where', inFilter: false });
}

function isFilter(type: GraphQLInputType): boolean {
  const named = getNamedType(type);
  return isInputObjectType(named) && named.name.endsWith('Filter');
}

/** Where in an argument the check is; a filter's own root is called `where`, as its compiler calls it. */
interface Place {
  path: string;
  inFilter: boolean;
  /** What it is a field of. */
  within?: GraphQLInputObjectType;
}

function assertValue(type: GraphQLInputType, value: unknown, place: Place): void {
  if (isNonNullType(type)) return assertValue(type.ofType as GraphQLInputType, value, place);
  if (isListType(type)) {
    const { ofType } = type as { ofType: GraphQLInputType };
    const parts: unknown[] = Array.isArray(value) ? value : [value];
    for (const [index, part] of parts.entries())
      assertValue(ofType, part, { ...place, path: `${place.path}[${index}]` });
    return;
  }
  if (!isInputObjectType(type) || typeof value !== 'object' || value === null) return;
  const filter = isFilter(type);
  const { inFilter } = place;
  const path = filter && !inFilter ? 'where' : place.path;
  const entries = Object.entries(value);
  if (inFilter && entries.length === 0) refuse(path, 'is empty', adviceFor(type, place.within));
  const fields = type.getFields();
  for (const [name, part] of entries as [string, unknown][]) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) continue;
    const inner = `${path}.${name}`;
    if (part === OMITTED) {
      if (filter)
        refuse(inner, 'is null', isFilter(field.type) ? adviceFor(getNamedType(field.type), type) : 'use isNull');
      if (isFilter(field.type)) refuse(inner, 'is null', 'leave it out, or give {} for no condition');
      if (NARROWING.has(name)) refuse(inner, 'is null', 'leave it out');
      continue;
    }
    assertValue(field.type, part, { path: inner, inFilter: filter, within: type });
  }
}

/** What to do instead of a filter without a condition: where it is one on related rows, they may be asked whether there are any. */
function adviceFor(type: GraphQLNamedInputType, within: GraphQLInputObjectType | undefined): string {
  const offers = (name: string, of: GraphQLNamedInputType | undefined): boolean =>
    isInputObjectType(of) && Object.hasOwn(of.getFields(), name);
  if (offers('exists', type) || offers('exists', within)) return 'leave it out, or use exists';
  return offers('isNull', type) ? 'leave it out, or use isNull' : 'leave it out';
}

function refuse(path: string, what: string, instead: string): never {
  throw new UserError('BAD_USER_INPUT', `${path} ${what}; ${instead}.`);
}

function filterArguments(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): FilterArguments {
  const operations = separateOperations(document);
  const asked = operationName === undefined ? Object.values(operations)[0] : operations[operationName];
  const list: FilterArgument[] = [];
  const defaults: Record<string, unknown> = {};
  if (!asked) return { list, defaults };
  const info = new TypeInfo(schema);
  const directives: DirectiveNode[][] = [];
  const enter = (node: { directives?: readonly DirectiveNode[] }): void => {
    directives.push([...(node.directives ?? [])]);
  };
  const leave = (): void => void directives.pop();
  visit(
    asked,
    visitWithTypeInfo(info, {
      VariableDefinition({ variable, defaultValue }: VariableDefinitionNode) {
        if (defaultValue) defaults[variable.name.value] = valueOf(defaultValue, {});
        return false;
      },
      Field: { enter, leave },
      InlineFragment: { enter, leave },
      Argument(node) {
        const type = info.getInputType();
        if (type && isInputObjectType(getNamedType(type))) list.push({ node, type, directives: directives.flat() });
      },
      Directive: () => false,
    }),
  );
  return { list, defaults };
}

function leavesOut({ name, arguments: given }: DirectiveNode, variables: Variables): boolean {
  const condition = given?.find((argument) => argument.name.value === 'if');
  if (!condition) return false;
  const value = valueOf(condition.value, variables);
  return name.value === 'skip' ? value === true : name.value === 'include' && value === false;
}

/** A value as its text says it, with {@link OMITTED} for variables that were not given. */
function valueOf(node: ValueNode, variables: Variables): unknown {
  switch (node.kind) {
    case Kind.VARIABLE: {
      const { value: name } = node.name;
      return Object.hasOwn(variables, name) && variables[name] !== undefined ? variables[name] : OMITTED;
    }
    case Kind.LIST:
      return node.values.map((value) => valueOf(value, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((field) => [field.name.value, valueOf(field.value, variables)]));
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
  }
}
