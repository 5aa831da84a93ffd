import type { Server as HttpServer } from 'node:http';
import { createSourceEventStream, execute, getOperationAST, GraphQLError } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import { CloseCode } from 'graphql-ws';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import { createContext } from '../resolvers/index.js';
import type { Context, Platform } from '../resolvers/index.js';
import { assertConditions } from '../schema/filter-conditions.js';
import { LIMITS, operationCost } from '../schema/limits.js';
import { UserError } from '../domain/errors.js';
import { assertShallow } from '../domain/json.js';
import { authenticate } from './authenticate.js';
import { presentError } from './errors.js';
import { KnownDocuments } from './known-documents.js';
import { watchSockets } from './socket-watch.js';
import { SocketOperations } from './socket-operations.js';
import type { Operation } from './socket-operations.js';
import type { TokenLimits } from './token-limits.js';
import type { Metrics } from './metrics.js';
import { REQUEST_POINTS } from './rate-limit.js';

/** Operations over WebSocket; ended before the HTTP server is. */
export interface Sockets {
  /** Closes every socket with 1001. */
  close(): Promise<void>;
}

export interface SocketOptions {
  schema: GraphQLSchema;
  httpServer: HttpServer;
  platform: Platform;
  limits: TokenLimits;
  metrics: Metrics;
  logger: Logger;
  path: string;
}

/**
 * GraphQL over WebSocket (graphql-transport-ws) for queries and subscriptions, under the same token, roles and limits as HTTP.
 * Mutations go over HTTP, where a client knows whether its request arrived. The token is looked at for each operation, so a
 * revoked one starts nothing more, and every other second, so what it has started ends. Whatever asks the database waits for its
 * token's turn, and is dropped or canceled when the client has left by then.
 */
export function acceptSockets({ schema, httpServer, platform, limits, metrics, logger, path }: SocketOptions): Sockets {
  const operations = new SocketOperations(limits);
  const documents = new KnownDocuments(schema);
  /** By what they are executed with, and by what they were asked for with. */
  const running = new WeakMap<object, Operation & { began: number }>();
  const inTurn = <T>({ tokenId, left }: Operation, work: () => Promise<T>) =>
    limits.socketWork.take(tokenId, left, work);
  const server = new WebSocketServer({ server: httpServer, path, maxPayload: LIMITS.bytes });
  const watch = watchSockets({ tokens: platform.tokens, logger });
  const disposable = useServer(
    {
      schema,
      onConnect: async ({ connectionParams, extra }) => {
        try {
          const authorization = authorizationOf(connectionParams);
          const { tokenId } = await authenticate(platform.tokens, authorization);
          watch.identify(extra.socket, authorization);
          return operations.admit(extra.socket, tokenId);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          // Returning false would close with the same code, and not say why.
          extra.socket.close(CloseCode.Forbidden, error.message.slice(0, 120));
          return false;
        }
      },
      onSubscribe: async ({ connectionParams, subscriptions, extra }, id, payload) => {
        const began = performance.now();
        let operation: Operation | undefined;
        try {
          const begun = (operation = operations.begin(extra.socket, payload));
          subscriptions[id] = begun.handle;
          const args = await inTurn(begun, async () => {
            const viewer = await authenticate(platform.tokens, authorizationOf(connectionParams));
            const context = createContext(platform, viewer, { inTurn: (read) => inTurn(begun, read) });
            return admit(schema, documents, context, payload);
          });
          if (!args) return await never();
          for (const key of [args, payload]) running.set(key, { ...begun, began });
          return args;
        } catch (error) {
          if (operation?.left.aborted) return await never();
          operation?.end();
          return error instanceof Refused ? error.errors : [asGraphQLError(error)];
        }
      },
      subscribe: async (args) => {
        const operation = running.get(args)!;
        const start = () => subscribeFreshly(args, platform, operation, (work) => inTurn(operation, work));
        return unlessLeft(operation, await inTurn(operation, start));
      },
      execute: async (args) => {
        const operation = running.get(args)!;
        return unlessLeft(operation, await inTurn(operation, async () => execute(args)));
      },
      onComplete: (_context, _id, payload) => running.get(payload)?.end(),
      onOperation: (_context, _id, _payload, args, result) => {
        const kind = getOperationAST(args.document, args.operationName)?.operation ?? 'unknown';
        const outcome = 'errors' in result && result.errors ? 'error' : 'ok';
        const seconds = (performance.now() - running.get(args)!.began) / 1_000;
        metrics.operation({ kind, transport: 'websocket', outcome }, seconds);
      },
      onError: (_context, _id, _payload, errors) => errors.map((error) => presentError(error, logger)),
      onNext: (_context, _id, _payload, _args, { data, errors }) => {
        if (errors) return { data: data ?? null, errors: errors.map((error) => presentError(error, logger)) };
      },
    },
    server,
    // Sockets are pinged by the watch, which says why it closes one.
    0,
  );
  // A frame that is too large or malformed is the fault of whoever sent it: ws closes that socket with the right code.
  // graphql-ws would take it for a fault of ours and print it.
  server.on('connection', (socket) => {
    watch.add(socket);
    metrics.sockets(1);
    socket.once('close', () => metrics.sockets(-1));
    socket.removeAllListeners('error');
    socket.on('error', (err) => logger.debug({ err }, 'a socket failed'));
    // So it would a message that finds its reader gone: the close that follows is all there is to say.
    const send = socket.send.bind(socket) as (data: string, sent: () => void) => void;
    socket.send = ((data: string, sent: () => void) => send(data, () => sent())) as typeof socket.send;
  });
  return {
    async close() {
      watch.close();
      await disposable.dispose();
    },
  };
}

/** More than one thing is wrong with a document. */
class Refused extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super();
  }
}

/**
 * How an operation goes on that was taken back: not at all, and what waits for this is collected. graphql-ws would end another
 * operation that has been given the same id since.
 */
function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** What was begun for an operation; what comes of one that was taken back meanwhile is nobody's. */
function unlessLeft<T>({ left }: Operation, result: T | undefined): T | Promise<T> {
  return left.aborted || result === undefined ? never() : result;
}

/**
 * Charges for what is asked and makes it ready to be executed.
 *
 * @throws Refused, GraphQLError and UserError
 */
async function admit(
  schema: GraphQLSchema,
  documents: KnownDocuments,
  context: Context,
  { query, variables, operationName }: SubscribePayload,
): Promise<ExecutionArgs> {
  const { platform, viewer } = context;
  await platform.quotas?.spend(viewer.tokenId, REQUEST_POINTS, 'this request');
  assertShallow(variables, 'The request');
  const { document, errors } = documents.read(query);
  const kind = getOperationAST(document, operationName)?.operation;
  if (kind === 'mutation') {
    throw new UserError('BAD_USER_INPUT', 'Mutations go over HTTP; this socket takes queries and subscriptions.');
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
async function subscribeFreshly(
  args: ExecutionArgs,
  platform: Platform,
  { end, left }: Operation,
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

/** The header's value; tools that copy their HTTP headers here write its name as they like. */
function authorizationOf(parameters: Record<string, unknown> | undefined): unknown {
  return Object.entries(parameters ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const original = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(original.message, { originalError: original });
}
