import { getOperationAST, GraphQLError, Kind } from 'graphql';
import type {
  ASTVisitor,
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLSchema,
  SelectionSetNode,
  TypeNode,
  ValidationContext,
} from 'graphql';
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity';

/** What one operation may ask for, on HTTP and WebSocket alike. */
export const LIMITS = {
  /** Nested fields, the innermost included. Relay pages of pages need 8. */
  depth: 9,
  aliases: 30,
  /** Of the document: names, braces, values. */
  tokens: 3000,
  /** Fields times the rows they may be asked for. A page of 50 exams with everything nested costs about 30,000. */
  cost: 50_000,
  /** Bytes of one request. */
  bytes: 1_000_000,
  /** Milliseconds of one statement in the database. */
  statement: 30_000,
} as const;

/** Rows that a list costs when its `first` says nothing, and at most. */
const PAGE = { default: 25, max: 200 };

/** What one pass over all exams costs, in the unit of the cost rule. */
export const PASS = 1_000;

/** Complexity of a connection of exams: as of any, and a pass for each number that has to be made of every exam to order them. */
export function examsComplexity(options: { args: unknown; childComplexity: number }): number {
  const { orderBy } = options.args as { orderBy?: readonly { number?: unknown }[] | null };
  return connectionComplexity(options) + PASS * (orderBy ?? []).filter(({ number }) => number != null).length;
}

/** Complexity of a connection field: what is asked of each row, times the rows. The page size itself is checked elsewhere. */
export function connectionComplexity({ args, childComplexity }: { args: unknown; childComplexity: number }): number {
  const { first, last } = args as { first?: number | null; last?: number | null };
  return 1 + Math.min(Math.max(first ?? last ?? PAGE.default, 1), PAGE.max) * childComplexity;
}

/** Complexity of a short list: `rows` is what one of them usually holds. */
export function listComplexity(rows: number): (options: { childComplexity: number }) => number {
  return ({ childComplexity }) => 1 + rows * childComplexity;
}

/** The same where `where` may be given: each row is looked up once more then. */
export function filteredComplexity(rows: number): (options: { args: unknown; childComplexity: number }) => number {
  return ({ args, childComplexity }) => {
    const { where } = args as { where?: object | null };
    return 1 + rows * (childComplexity + (where ? 1 : 0));
  };
}

/** Complexity of a mutation that asks for minutes or hours of work in the background. */
export function jobComplexity({ childComplexity }: { childComplexity: number }): number {
  return 1_000 + childComplexity;
}

/** Validation rule: no operation nests fields deeper than the limit. Introspection has a rule of its own in graphql-js. */
export function depthRule(context: ValidationContext): ASTVisitor {
  const known = new Map<string, number>();
  const depthOf = (set: SelectionSetNode | undefined): number =>
    Math.max(
      0,
      ...(set?.selections ?? []).map((selection) => {
        if (selection.kind === Kind.FIELD)
          return selection.name.value.startsWith('__') ? 0 : 1 + depthOf(selection.selectionSet);
        if (selection.kind === Kind.INLINE_FRAGMENT) return depthOf(selection.selectionSet);
        return fragmentDepth(context.getFragment(selection.name.value));
      }),
    );
  const fragmentDepth = (fragment: FragmentDefinitionNode | null | undefined): number => {
    if (!fragment) return 0;
    const name = fragment.name.value;
    // A fragment that spreads itself is refused by another rule; here it only must not run forever.
    if (!known.has(name)) {
      known.set(name, 0);
      known.set(name, depthOf(fragment.selectionSet));
    }
    return known.get(name)!;
  };
  return {
    OperationDefinition(operation) {
      const depth = depthOf(operation.selectionSet);
      if (depth > LIMITS.depth) {
        context.reportError(limitError(`The operation nests ${depth} fields deep; the limit is ${LIMITS.depth}.`));
      }
    },
  };
}

/** Validation rule: no document has more aliased fields than the limit. */
export function aliasRule(context: ValidationContext): ASTVisitor {
  let aliases = 0;
  return {
    Field(field) {
      if (field.alias) aliases += 1;
    },
    Document: {
      leave() {
        if (aliases > LIMITS.aliases) {
          context.reportError(limitError(`The document has ${aliases} aliases; the limit is ${LIMITS.aliases}.`));
        }
      },
    },
  };
}

/** Rules that every operation is validated with, beside those of GraphQL itself. */
export const LIMIT_RULES = [depthRule, aliasRule];

/** What is added to the cost of a mutation when it is charged to the quota of a token. */
const MUTATION_WEIGHT = 10_000;

/**
 * What a validated operation costs with these variables. Variables that do not fit their types cost 1: execution refuses them.
 *
 * @returns its weight in the quota of the token: the cost, at least 1, and more for a mutation
 * @throws GraphQLError LIMIT_EXCEEDED when it costs more than an operation may
 */
export function operationCost(
  schema: GraphQLSchema,
  query: DocumentNode,
  variables: Record<string, unknown> | undefined,
  operationName: string | undefined,
): number {
  const cost = Math.max(complexity(schema, query, variables, operationName), 1);
  if (cost > LIMITS.cost) {
    throw limitError(
      `The operation costs ${cost}; the limit is ${LIMITS.cost}. Ask for fewer rows or fields at a time.`,
    );
  }
  return getOperationAST(query, operationName)?.operation === 'mutation' ? cost + MUTATION_WEIGHT : cost;
}

/** Costs of documents by the variables they depend on; documents are parsed once, and forgotten with their parse. */
const known = new WeakMap<DocumentNode, Map<string, number>>();

/** Sets of variables remembered per document, and how long one may be as JSON. */
const REMEMBERED = { sets: 100, length: 2_000 };

function complexity(
  schema: GraphQLSchema,
  query: DocumentNode,
  variables: Record<string, unknown> | undefined,
  operationName: string | undefined,
): number {
  let costs = known.get(query);
  if (!costs || costs.size >= REMEMBERED.sets) known.set(query, (costs = new Map()));
  // No cost depends on a String, and a cursor is another one on every page.
  const strings = stringVariables(query, operationName);
  const decisive = Object.entries(variables ?? {}).filter(([name]) => !strings.has(name));
  const key = JSON.stringify([operationName, decisive]);
  let cost = costs.get(key);
  if (cost !== undefined) return cost;
  try {
    cost = getComplexity({
      schema,
      query,
      ...(variables ? { variables } : {}),
      ...(operationName === undefined ? {} : { operationName }),
      estimators: [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })],
    });
  } catch (error) {
    const message = error instanceof GraphQLError ? error.message : '';
    // Not remembered: what does not fit its type may not be in the key.
    if (!message.includes('maximum allowed number of nodes')) return 0;
    throw limitError('The operation spreads fragments into more fields than the server looks at.');
  }
  if (key.length <= REMEMBERED.length) costs.set(key, cost);
  return cost;
}

/** Names of the variables that are declared as String or String!. */
function stringVariables(query: DocumentNode, operationName: string | undefined): Set<string> {
  const declared = getOperationAST(query, operationName)?.variableDefinitions ?? [];
  const isString = (type: TypeNode): boolean =>
    type.kind === Kind.NON_NULL_TYPE
      ? isString(type.type)
      : type.kind === Kind.NAMED_TYPE && type.name.value === 'String';
  return new Set(declared.filter(({ type }) => isString(type)).map(({ variable }) => variable.name.value));
}

function limitError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });
}
