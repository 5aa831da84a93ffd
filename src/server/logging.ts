import { AsyncLocalStorage } from 'node:async_hooks';
import { destination, type DestinationStream, levels, type Logger, pino } from 'pino';
import { UserError } from '../domain/errors.js';

/** What is known of the request that is being answered. */
export interface RequestFacts {
  /** `x-request-id`: the caller's, or one of ours. */
  requestId: string;
  /** Present where it is traced. */
  traceId?: string;
  /** Who asks; absent until the token was looked at, and where none is needed. Never the token itself. */
  tokenId?: number | null;
  /** Kind and name of the GraphQL operation, once it is known. */
  operation?: { kind: string; name: string | null };
}

const current = new AsyncLocalStorage<RequestFacts>();

/** Runs `work` as part of a request: every line it logs carries the request's ids. */
export function inRequest<T>(facts: RequestFacts, work: () => T): T {
  return current.run(facts, work);
}

/** The request that this code runs for; undefined outside any. */
export function currentRequest(): RequestFacts | undefined {
  return current.getStore();
}

/**
 * The log of a process: JSON lines on standard error from LOG_LEVEL on, each with the ids of its request and its trace.
 *
 * @throws UserError BAD_USER_INPUT for a LOG_LEVEL that is none
 */
export function createLogger(
  name: string,
  level = process.env['LOG_LEVEL'] || 'info',
  stream: DestinationStream = destination(2),
): Logger {
  const known = [...Object.values(levels.labels), 'silent'];
  if (!known.includes(level)) {
    throw new UserError('BAD_USER_INPUT', `LOG_LEVEL is "${level}"; accepted: ${known.join(', ')}.`);
  }
  return pino({ name, level, mixin: ids }, stream);
}

/** Ids for a line of the log; pino leaves out what is undefined. */
function ids(): object {
  const { requestId, traceId, tokenId } = current.getStore() ?? {};
  return { requestId, traceId, tokenId };
}
