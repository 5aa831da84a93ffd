import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { execute, getOperationAST } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { CloseCode } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import { createContext } from '../resolvers/index.js';
import type { Platform } from '../resolvers/index.js';
import { LIMITS } from '../schema/limits.js';
import { UserError } from '../domain/errors.js';
import { authenticate } from './authenticate.js';
import { closeReason } from './close-reason.js';
import type { Entrance } from './entrance.js';
import { presentError } from './errors.js';
import { KnownDocuments } from './known-documents.js';
import { admit, asGraphQLError, never, Refused, subscribeFreshly } from './open-operations.js';
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
  entrance: Entrance;
  /** Whether the page that asks for a socket may have one. */
  mayOpen: (request: IncomingMessage) => boolean;
}

/** Code for a socket that may well be let in later: RFC 6455's registry calls it "try again later". */
const TRY_AGAIN = 1013;

/**
 * GraphQL over WebSocket (graphql-transport-ws) for queries and subscriptions, under the same token, roles and limits as HTTP.
 * Mutations go over HTTP, where a client knows whether its request arrived. The token is looked at for each operation, so a
 * revoked one starts nothing more, and every other second, so what it has started ends. Whatever asks the database waits for its
 * token's turn, and is dropped or canceled when the client has left by then.
 */
export function acceptSockets({
  schema,
  httpServer,
  platform,
  limits,
  metrics,
  logger,
  path,
  entrance,
  mayOpen,
}: SocketOptions): Sockets {
  const operations = new SocketOperations(limits);
  const documents = new KnownDocuments(schema);
  /** By what they are executed with, and by what they were asked for with. */
  const running = new WeakMap<object, Operation & { began: number }>();
  const inTurn = <T>({ tokenId, left }: Operation, work: () => Promise<T>) =>
    limits.socketWork.take(tokenId, left, work);
  const server = new WebSocketServer({
    server: httpServer,
    path,
    maxPayload: LIMITS.bytes,
    verifyClient: ({ req }, done) => done(mayOpen(req), 403, 'This origin may not open a socket here.'),
  });
  const watch = watchSockets({ tokens: platform.tokens, logger });
  const disposable = useServer(
    {
      schema,
      onConnect: async ({ connectionParams, extra }) => {
        try {
          const authorization = authorizationOf(connectionParams);
          const { tokenId } = await entrance.admit(extra.request.socket.remoteAddress, authorization);
          watch.identify(extra.socket, authorization);
          return operations.admit(extra.socket, tokenId);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          // Returning false would close with the same code, and not say why.
          extra.socket.close(
            error.code === 'UNAVAILABLE' ? TRY_AGAIN : CloseCode.Forbidden,
            closeReason(error.message),
          );
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
            await platform.quotas?.spend(viewer.tokenId, REQUEST_POINTS, 'this request');
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

/** What was begun for an operation; what comes of one that was taken back meanwhile is nobody's. */
function unlessLeft<T>({ left }: Operation, result: T | undefined): T | Promise<T> {
  return left.aborted || result === undefined ? never() : result;
}

/** The header's value; tools that copy their HTTP headers here write its name as they like. */
function authorizationOf(parameters: Record<string, unknown> | undefined): unknown {
  return Object.entries(parameters ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
}
