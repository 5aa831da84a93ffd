import {
  getArgumentValues,
  getOperationAST,
  getVariableValues,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
} from 'graphql';
import type {
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLField,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
import { plainFields } from '../resolvers/look-ahead.js';
import { RawJson } from '../schema/raw-json.js';
import type { RawJsonInfo } from '../schema/raw-json.js';

/**
 * A query made into functions, so that its thousand fields are not looked up anew for each answer. Gives the data, or undefined
 * where graphql-js has to answer: whatever is not plain success, be it an error anywhere or a null that may not be, is left to
 * it, from the start. Queries change nothing, so asking twice is safe, and the words of an error are always graphql-js's own.
 */
export type CompiledQuery = (
  context: unknown,
  variables: Record<string, unknown>,
) => Promise<Record<string, unknown> | undefined>;

const compiled = new WeakMap<DocumentNode, Map<string | undefined, CompiledQuery | undefined>>();

/** The compiled form of a validated operation; undefined for what is left to graphql-js: mutations, directives, abstract types. */
export function compiledQuery(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): CompiledQuery | undefined {
  let operations = compiled.get(document);
  if (!operations) compiled.set(document, (operations = new Map()));
  if (!operations.has(operationName)) operations.set(operationName, tryToCompile(schema, document, operationName));
  return operations.get(operationName);
}

/** Says that graphql-js has to answer. */
class NotPlain extends Error {}

/** What one answer is made with. */
interface Run {
  context: unknown;
  variables: Record<string, unknown>;
  args: Record<string, unknown>[];
  infos: FieldInfo[];
}

type Complete = (value: unknown, run: Run) => unknown;

function tryToCompile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | undefined,
): CompiledQuery | undefined {
  const operation = getOperationAST(document, operationName);
  const root = schema.getQueryType();
  if (operation?.operation !== 'query' || operation.directives?.length || !root) return undefined;
  let complete: Complete;
  try {
    complete = new Compiler(schema, document, operation).object(root, [operation.selectionSet]);
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
  return async (context, inputs) => {
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], inputs);
    if (!coerced) return undefined;
    try {
      return (await complete(undefined, { context, variables: coerced, args: [], infos: [] })) as Record<
        string,
        unknown
      >;
    } catch {
      return undefined;
    }
  };
}

class Compiler {
  readonly fragments: Record<string, FragmentDefinitionNode> = {};
  private fields = 0;

  constructor(
    readonly schema: GraphQLSchema,
    document: DocumentNode,
    private readonly operation: OperationDefinitionNode,
  ) {
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.fragments[definition.name.value] = definition;
    }
  }

  /** Completes an object of this type from what these selection sets, merged, ask of it. */
  object(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Complete {
    const asked = plainFields(type, sets, this);
    if (!asked) throw new NotPlain();
    const fields = [...asked].map(([key, nodes]) => this.field(type, key, nodes));
    return (source, run) => {
      const data: Record<string, unknown> = {};
      let pending: Promise<unknown>[] | undefined;
      try {
        for (const { key, read } of fields) {
          const value = read(source, run);
          // Set at once in any case: it keeps the order of the fields.
          data[key] = value;
          if (isPromise(value)) {
            (pending ??= []).push(value.then((settled: unknown) => void (data[key] = settled)));
          }
        }
      } catch (error) {
        abandon(pending);
        throw error;
      }
      return pending ? Promise.all(pending).then(() => data) : data;
    };
  }

  private field(type: GraphQLObjectType, key: string, nodes: FieldNode[]): { key: string; read: Complete } {
    const name = nodes[0]!.name.value;
    if (name === '__typename') return { key, read: () => type.name };
    const field = type.getFields()[name];
    if (!field) throw new NotPlain();
    const complete = this.value(
      field.type,
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
    );
    const index = this.fields++;
    const { schema, operation, fragments } = this;
    const node = nodes[0]!;
    const argsOf = field.args.length === 0 ? () => NO_ARGUMENTS : argumentsOf(field, node, index);
    const infoOf = (run: Run) =>
      (run.infos[index] ??= new FieldInfo(name, nodes, field.type, type, fragments, schema, operation, run.variables));
    const { resolve } = field;
    const get: Complete = resolve
      ? (source, run) => resolve(source, argsOf(run), run.context, infoOf(run))
      : (source, run) => {
          const value = (source as Record<string, unknown>)[name];
          // Called on its object, as graphql-js does.
          return typeof value === 'function'
            ? (source as Record<string, (...given: unknown[]) => unknown>)[name]!(argsOf(run), run.context, infoOf(run))
            : value;
        };
    return {
      key,
      read(source, run) {
        const value = get(source, run);
        return isPromise(value) ? value.then((settled: unknown) => complete(settled, run)) : complete(value, run);
      },
    };
  }

  private value(type: GraphQLOutputType, sets: readonly SelectionSetNode[]): Complete {
    if (isNonNullType(type)) {
      const complete = this.value(type.ofType, sets);
      return (value, run) => {
        if (value === null || value === undefined) throw new NotPlain();
        return value instanceof RawJson ? value : complete(value, run);
      };
    }
    const present = this.present(type, sets);
    return (value, run) => {
      if (value === null || value === undefined) return null;
      return value instanceof RawJson ? value : present(value, run);
    };
  }

  private present(type: GraphQLOutputType, sets: readonly SelectionSetNode[]): Complete {
    if (isListType(type)) return list(this.value(type.ofType as GraphQLOutputType, sets));
    if (isLeafType(type)) {
      return (value) => {
        const serialised: unknown = type.serialize(value);
        if (serialised === null || serialised === undefined) throw new NotPlain();
        return serialised;
      };
    }
    if (!isObjectType(type)) throw new NotPlain();
    const complete = this.object(type, sets);
    return (value, run) => {
      if (value instanceof Error) throw value;
      return complete(value, run);
    };
  }
}

const NO_ARGUMENTS: Record<string, unknown> = Object.freeze({});

/** The arguments of a field: the same for every row of an answer, so worked out once for it. */
function argumentsOf(field: GraphQLField<unknown, unknown>, node: FieldNode, index: number) {
  return (run: Run) => (run.args[index] ??= getArgumentValues(field, node, run.variables));
}

function list(complete: Complete): Complete {
  return (values, run) => {
    if (!Array.isArray(values)) throw new NotPlain();
    const items: unknown[] = [];
    let pending = false;
    try {
      for (const value of values as unknown[]) {
        const item = isPromise(value) ? value.then((settled: unknown) => complete(settled, run)) : complete(value, run);
        if (isPromise(item)) pending = true;
        items.push(item);
      }
    } catch (error) {
      abandon(items);
      throw error;
    }
    return pending ? Promise.all(items) : items;
  };
}

/** Nobody will wait for these any more: a rejection of theirs must not end the process. */
function abandon(values: readonly unknown[] | undefined): void {
  for (const value of values ?? []) if (isPromise(value)) value.catch(() => undefined);
}

/** Not by class: a promise may come from another realm. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** What resolvers are told of their field. Where in the answer it lies is not kept: who asks is answered by graphql-js. */
class FieldInfo implements RawJsonInfo {
  readonly takesRawJson = true;
  readonly rootValue = undefined;

  constructor(
    readonly fieldName: string,
    readonly fieldNodes: FieldNode[],
    readonly returnType: GraphQLOutputType,
    readonly parentType: GraphQLObjectType,
    readonly fragments: Record<string, FragmentDefinitionNode>,
    readonly schema: GraphQLSchema,
    readonly operation: OperationDefinitionNode,
    readonly variableValues: Record<string, unknown>,
  ) {}

  get path(): never {
    throw new NotPlain();
  }
}
