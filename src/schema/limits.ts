import { GraphQLError, Kind } from 'graphql';
import type {
  ASTVisitor,
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLSchema,
  SelectionSetNode,
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

/** Complexity of a connection field: what is asked of each row, times the rows. The page size itself is checked elsewhere. */
export function connectionComplexity({ args, childComplexity }: { args: unknown; childComplexity: number }): number {
  const { first } = args as { first?: number | null };
  return 1 + Math.min(Math.max(first ?? PAGE.default, 1), PAGE.max) * childComplexity;
}

/** Complexity of a short list: `rows` is what one of them usually holds. */
export function listComplexity(rows: number): (options: { childComplexity: number }) => number {
  return ({ childComplexity }) => 1 + rows * childComplexity;
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

/**
 * Checks what a validated operation would cost with these variables.
 *
 * @returns the refusal, or undefined. Variables that do not fit their types cost nothing here: execution refuses them.
 */
export function costError(
  schema: GraphQLSchema,
  query: DocumentNode,
  variables: Record<string, unknown> | undefined,
  operationName: string | undefined,
): GraphQLError | undefined {
  let cost: number;
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
    return message.includes('maximum allowed number of nodes')
      ? limitError('The operation spreads fragments into more fields than the server looks at.')
      : undefined;
  }
  if (cost <= LIMITS.cost) return undefined;
  return limitError(
    `The operation costs ${cost}; the limit is ${LIMITS.cost}. Ask for fewer rows or fields at a time.`,
  );
}

function limitError(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });
}
