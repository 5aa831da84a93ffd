import { once } from 'node:events';
import type { Request, RequestHandler, Response } from 'express';
import { execute, getOperationAST, GraphQLError } from 'graphql';
import type { ExecutionArgs, ExecutionResult, GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { z } from 'zod';
import { UserError } from '../domain/errors.js';
import { isJsonObject, parseJson } from '../domain/json.js';
import { createContext } from '../resolvers/index.js';
import type { Platform } from '../resolvers/index.js';
import { authenticate, viewerOf } from './authenticate.js';
import { presentError } from './errors.js';
import { KnownDocuments } from './known-documents.js';
import type { Metrics } from './metrics.js';
import { admit, asGraphQLError, type Asked, Refused, subscribeFreshly } from './open-operations.js';
import { countOperation } from './socket-operations.js';
import { type StreamForm, streamForm } from './stream-forms.js';
import type { TokenLimits } from './token-limits.js';
import { passThrough } from './token-turns.js';

/** Operations as streams over HTTP; ended before the HTTP server is. */
export interface EventStreams {
  /** Answers who would rather have server-sent events or a multipart stream than JSON, and passes everybody else on. */
  handler: RequestHandler;
  /** Ends every stream in the middle: its client takes it up again elsewhere. */
  close(): void;
}

interface EventStreamOptions {
  schema: GraphQLSchema;
  platform: Platform;
  limits: TokenLimits;
  metrics: Metrics;
  logger: Logger;
  /** Reads a request's body as JSON. */
  readBody: readonly RequestHandler[];
  /** Time between two looks at the token of a stream, and between two signs of life, ms. */
  lookMs?: number;
  aliveMs?: number;
}

const JSON_OBJECT = z.custom<Record<string, unknown>>(isJsonObject, 'must be an object');

const ASKED = z.object({
  query: z.string(),
  variables: JSON_OBJECT.nullish(),
  operationName: z.string().nullish(),
});

/**
 * GraphQL over server-sent events (the distinct connections mode of graphql-sse) or as Apollo's multipart stream, each operation on a
 * connection of its own, for networks that let no WebSocket through: the same token, roles, limits and rows as there. `Last-Event-ID`
 * stands in for the argument `after`.
 */
export function acceptEventStreams({
  schema,
  platform,
  limits,
  metrics,
  logger,
  readBody,
  lookMs = 2_000,
  aliveMs = 12_000,
}: EventStreamOptions): EventStreams {
  const documents = new KnownDocuments(schema);
  const open = new Set<Response>();

  async function answer(request: Request, response: Response, form: StreamForm): Promise<void> {
    const began = performance.now();
    const { tokenId } = viewerOf(response);
    await passThrough(readBody, request, response);
    const asked = askedIn(request);
    const giveBack = countOperation(limits, tokenId, asked);
    const leaving = new AbortController();
    const left = leaving.signal;
    response.once('close', () => {
      giveBack();
      open.delete(response);
      leaving.abort('left');
    });
    const inTurn = <T>(work: () => Promise<T>) => limits.socketWork.take(tokenId, left, work);
    const context = createContext(platform, viewerOf(response), { inTurn });
    const args = await inTurn(async () => resumed(await admit(schema, documents, context, asked), request));
    if (!args) return;
    const kind = getOperationAST(args.document, args.operationName)?.operation ?? 'unknown';
    const result = await inTurn(async () =>
      kind === 'subscription'
        ? subscribeFreshly(args, platform, { end: () => undefined, left }, inTurn)
        : execute(args),
    );
    if (!result || left.aborted) return;
    const outcome = 'errors' in result && result.errors ? 'error' : 'ok';
    metrics.operation({ kind, transport: form.transport, outcome }, (performance.now() - began) / 1_000);
    begin(response, form);
    for await (const one of Symbol.asyncIterator in result ? result : [result]) await send(response, form, one);
    response.end(form.end);
  }

  /** From here on nothing but answers, signs of life, and the end. */
  function begin(response: Response, form: StreamForm): void {
    open.add(response);
    response.set({
      'Content-Type': form.contentType,
      // A proxy that collects the stream, or packs it, holds events back.
      'Cache-Control': 'no-store, no-transform',
      'X-Accel-Buffering': 'no',
    });
    response.flushHeaders();
    response.write(form.begin);
    const alive = setInterval(() => response.write(form.alive), aliveMs);
    const look = setInterval(() => void endIfRefused(response), lookMs);
    response.once('close', () => {
      clearInterval(alive);
      clearInterval(look);
    });
  }

  async function endIfRefused(response: Response): Promise<void> {
    try {
      await authenticate(platform.tokens, response.req.headers.authorization);
    } catch (error) {
      // A database that does not answer is no reason to send anybody away.
      if (error instanceof UserError && error.code === 'UNAUTHENTICATED') response.end();
    }
  }

  async function send(response: Response, form: StreamForm, { data, errors }: ExecutionResult): Promise<void> {
    const shown = errors
      ? { data: data ?? null, errors: errors.map((error) => presentError(error, logger)) }
      : { data };
    const flowing = response.write(form.next(JSON.stringify(shown), seqOf(data)));
    // Of a client that does not read, one event is held and no more.
    if (!flowing && !response.destroyed) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }

  return {
    async handler(request, response, next) {
      const form = streamForm(request);
      if (!form) return next();
      try {
        await answer(request, response, form);
      } catch (error) {
        if (response.headersSent) return void response.destroy();
        const errors = error instanceof Refused ? error.errors : undefined;
        if (!errors && !(error instanceof GraphQLError)) throw error;
        const shown = (errors ?? [asGraphQLError(error)]).map((one) => presentError(one, logger));
        response.status(400).json({ errors: shown });
      }
    },
    close() {
      for (const response of open) response.end();
    },
  };
}

/**
 * What a request asks: JSON in its body, or the parameters of its address.
 *
 * @throws UserError BAD_USER_INPUT
 */
function askedIn({ method, body, query }: Request): Asked {
  const given: unknown =
    method === 'GET'
      ? { ...query, ...(typeof query['variables'] === 'string' ? { variables: variablesIn(query['variables']) } : {}) }
      : body;
  const parsed = ASKED.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError('BAD_USER_INPUT', `${issue!.path.join('.') || 'The request'}: ${issue!.message}.`);
}

function variablesIn(text: string): unknown {
  return parseJson(text, 'variables', 'variables must be an object as JSON.');
}

/**
 * The operation as it goes on after the event that `Last-Event-ID` names: the variable of its field's argument `after` is set to it.
 *
 * @throws UserError BAD_USER_INPUT
 */
function resumed(args: ExecutionArgs, { headers }: Request): ExecutionArgs {
  const last = headers['last-event-id'];
  if (last === undefined) return args;
  if (typeof last !== 'string' || !/^\d{1,9}$/.test(last))
    throw new UserError('BAD_USER_INPUT', `Last-Event-ID must be the seq of an event, got "${String(last)}".`);
  const operation = getOperationAST(args.document, args.operationName);
  const names = (operation?.selectionSet.selections ?? []).flatMap((selection) =>
    selection.kind === 'Field'
      ? (selection.arguments ?? []).flatMap(({ name, value }) =>
          name.value === 'after' && value.kind === 'Variable' ? [value.name.value] : [],
        )
      : [],
  );
  if (names.length === 0)
    throw new UserError(
      'BAD_USER_INPUT',
      'Last-Event-ID needs a variable as the argument "after" of the subscription.',
    );
  const variableValues = { ...args.variableValues, ...Object.fromEntries(names.map((name) => [name, Number(last)])) };
  return { ...args, variableValues };
}

/** The number of the event in an answer; undefined where it was not asked for. */
function seqOf(data: ExecutionResult['data']): number | undefined {
  const [event] = Object.values(data ?? {}) as ({ seq?: unknown } | null)[];
  return Number.isInteger(event?.seq) ? Number(event!.seq) : undefined;
}
