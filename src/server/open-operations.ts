import { createSourceEventStream, execute, getOperationAST, GraphQLError } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import { UserError } from '../domain/errors.js';
import { assertShallow } from '../domain/json.js';
import { createContext } from '../resolvers/index.js';
import type { Context, Platform } from '../resolvers/index.js';
import { assertConditions } from '../schema/filter-conditions.js';
import { operationCost } from '../schema/limits.js';
import type { KnownDocuments } from './known-documents.js';

/** What somebody asks for over a connection that stays open. */
export interface Asked {
  query: string;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
}

/** More than one thing is wrong with a document. */
export class Refused extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super();
  }
}

/**
 * Charges for what is asked and makes it ready to be executed.
 *
 * @throws Refused, GraphQLError and UserError
 */
export async function admit(
  schema: GraphQLSchema,
  documents: KnownDocuments,
  context: Context,
  { query, variables, operationName }: Asked,
): Promise<ExecutionArgs> {
  const { platform, viewer } = context;
  assertShallow(variables, 'The request');
  const { document, errors } = documents.read(query);
  const kind = getOperationAST(document, operationName)?.operation;
  if (kind === 'mutation') {
    throw new UserError(
      'BAD_USER_INPUT',
      'Mutations go over HTTP as JSON; this connection takes queries and subscriptions.',
    );
  }
  if (errors.length > 0) throw new Refused(errors);
  assertConditions(schema, document, variables ?? undefined, operationName ?? undefined);
  const points = operationCost(schema, document, variables ?? undefined, operationName ?? undefined);
  await platform.quotas?.spend(viewer.tokenId, points, `this ${kind ?? 'request'}`);
  return {
    schema,
    document,
    variableValues: variables ?? {},
    operationName: operationName ?? null,
    contextValue: context,
  };
}

/**
 * Like graphql-js's `subscribe`, but each event is answered with loaders of its own, since rows change between events, and in its
 * token's turn.
 */
export async function subscribeFreshly(
  args: ExecutionArgs,
  platform: Platform,
  { end, left }: { end: () => void; left: AbortSignal },
  inTurn: <T>(work: () => Promise<T>) => Promise<T | undefined>,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]();
  const { viewer } = args.contextValue as Context;
  const stop = () => void events.return?.();
  if (left.aborted) stop();
  else left.addEventListener('abort', stop, { once: true });
  const answer = (event: unknown) =>
    inTurn(async () => execute({ ...args, rootValue: event, contextValue: createContext(platform, viewer) }));
  const answers: AsyncIterableIterator<ExecutionResult> = {
    next: async () => {
      const step = await events.next();
      const value = step.done ? undefined : await answer(step.value);
      if (left.aborted) return never();
      return value ? { done: false, value } : { done: true, value: undefined };
    },
    return: () => {
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]: () => answers,
  };
  return answers;
}

/**
 * How an operation goes on that was taken back: not at all, and what waits for this is collected. graphql-ws would end another
 * operation that has been given the same id since.
 */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** An error as graphql-js reports one. */
export function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const original = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(original.message, { originalError: original });
}
