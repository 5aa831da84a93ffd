import { randomUUID } from 'node:crypto';
import { GraphQLError } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { databaseFault, isAskerLeft, sqlState } from '../entities/index.js';
import { LIMITS } from '../schema/limits.js';
import { UserError } from '../domain/errors.js';
import type { UserErrorCode } from '../domain/errors.js';

/** PostgreSQL's code for a statement that ran into its time limit. */
const QUERY_CANCELED = '57014';

/** When to ask again something that cannot be used at the moment, s. */
export const RETRY_AFTER_S = 5;

/** HTTP status of a fault outside GraphQL. */
export const STATUS: Record<UserErrorCode, number> = {
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  BUNDLE_REFUSED: 422,
  FILE_REFUSED: 422,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  NOT_ACCEPTABLE: 406,
  LIMIT_EXCEEDED: 400,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

/**
 * An error as a caller sees it: faults of theirs with their code, GraphQL's own as they are, everything else masked behind an
 * id under which the log has it whole.
 */
export function presentError(error: GraphQLError, logger: Logger): GraphQLFormattedError {
  const { message, locations, path, extensions } = error.toJSON();
  const where = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
  const fault =
    userErrorBehind(error) ?? slowStatementBehind(error.originalError) ?? awayBehind(error.originalError, logger);
  if (fault) return { message: fault.message, ...where, extensions: { code: fault.code, ...fault.details } };
  const { originalError } = error;
  if (originalError && !(originalError instanceof GraphQLError)) return { ...masked(originalError, logger), ...where };
  // Apollo wraps what validation says and writes its own code over ours; the HTTP status it notes is not for callers.
  const { http: _status, ...rest } = extensions ?? {};
  const code = originalError?.extensions['code'] ?? rest['code'] ?? 'GRAPHQL_VALIDATION_FAILED';
  return { message, ...where, extensions: { ...rest, code } };
}

/** A database that cannot do what any caller asks of it, as a fault that passes; undefined for any other error. */
export function awayBehind(error: unknown, logger: Logger): UserError | undefined {
  const fault = databaseFault(error);
  if (!fault || isAskerLeft(error)) return undefined;
  logger.warn({ err: error }, 'the database could not do what was asked of it');
  return new UserError('UNAVAILABLE', fault.message, { cause: error, details: { retryAfter: RETRY_AFTER_S } });
}

/** An error of ours as a caller sees it: an id, and nothing of what happened. */
export function masked(error: unknown, logger: Logger): GraphQLFormattedError {
  const id = randomUUID();
  // Nobody is there to read this.
  if (isAskerLeft(error)) logger.debug({ err: error, errorId: id }, 'an operation ended because its client left');
  else logger.error({ err: error, errorId: id }, 'an operation failed unexpectedly');
  return { message: `Internal server error (${id}).`, extensions: { code: 'INTERNAL_SERVER_ERROR', id } };
}

/** What PostgreSQL stopped because it took too long, as a fault of whoever asked for so much. */
export function slowStatementBehind(error: unknown): UserError | undefined {
  if (sqlState(error) !== QUERY_CANCELED) return undefined;
  return new UserError(
    'LIMIT_EXCEEDED',
    `The database worked on this for ${LIMITS.statement / 1000} s, the limit, and was stopped; narrow the filter or ask for less at a time.`,
  );
}

/** The fault of the user among an error and its causes, if it is one. */
function userErrorBehind(error: unknown): UserError | undefined {
  for (let at = error; at instanceof Error; at = at instanceof GraphQLError ? at.originalError : undefined) {
    if (at instanceof UserError) return at;
  }
  return undefined;
}
