import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import type { TokenPrincipal } from '../policy/index.js';
import { audit, type KnownTokens } from '../services/access/index.js';
import { authenticate, tokenIn } from './authenticate.js';
import { currentRequest } from './logging.js';

/** Wrong tokens that one address may show in one window, and the window, s. */
const WRONG = { points: 60, duration: 60 };

/**
 * The same of tokens that a provider has signed. They are no guesses: programs show them when they have expired, and a hospital behind one address
 * has many programs, whose next tokens must be looked at. What is bounded is the work of looking.
 */
const WRONG_SIGNED = { points: 600, duration: 60 };

/** Lets callers in, and slows down those who try tokens out. */
export interface Entrance {
  /**
   * Who sends this `Authorization` header. An address that has shown sixty wrong tokens in a minute, or six hundred that a provider seems to have
   * signed, is refused unseen for the rest of it with more of the same, unless its token is one that this process has let in lately; that is noted in
   * the audit, once a minute.
   *
   * @throws UserError UNAUTHENTICATED, RATE_LIMITED, and of people who sign in elsewhere FORBIDDEN, UNAVAILABLE
   */
  admit(address: string | undefined, header: unknown): Promise<TokenPrincipal>;
}

export function openEntrance({
  tokens,
  dataSource,
  logger,
}: {
  tokens: KnownTokens;
  dataSource: DataSource;
  logger: Logger;
}): Entrance {
  const wrong = new RateLimiterMemory(WRONG);
  const wrongSigned = new RateLimiterMemory(WRONG_SIGNED);

  async function note(address: string, attempts: number): Promise<void> {
    logger.warn({ address }, 'an address has shown many wrong tokens');
    const detail = { address, attempts };
    await audit(dataSource, { tokenId: null, action: 'token.guesses', detail });
  }

  const recognise = (text: string) => (tokens.remembers(text) ? tokens.verify(text) : undefined);

  async function look(address: string, text: string, header: unknown): Promise<TokenPrincipal> {
    const known = recognise(text);
    if (known) return known;
    const limit = tokens.isSigned(text) ? wrongSigned : wrong;
    const before = await limit.get(address);
    if (before !== null && before.remainingPoints <= 0) throw refusal(before, limit);
    try {
      return await authenticate(tokens, header);
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== 'UNAUTHENTICATED') throw error;
      const after = await limit.consume(address).catch((refused: unknown) => {
        if (refused instanceof RateLimiterRes) return refused;
        throw refused;
      });
      if (after.consumedPoints === limit.points) await note(address, limit.points);
      throw error;
    }
  }

  /** By address: the last of the tokens that are being looked at. One after the other, or many at once would all come before the count. */
  const last = new Map<string, Promise<unknown>>();

  return {
    async admit(address = 'unknown', header) {
      const text = tokenIn(header);
      // A header that is missing costs nobody anything and is no guess.
      if (text === undefined) return authenticate(tokens, header);
      const known = recognise(text);
      if (known) return known;
      const looked = (last.get(address) ?? Promise.resolve()).then(() => look(address, text, header));
      const settled = looked.then(
        () => undefined,
        () => undefined,
      );
      last.set(address, settled);
      try {
        return await looked;
      } finally {
        if (last.get(address) === settled) last.delete(address);
      }
    },
  };
}

/** Lets requests with a good token pass and answers the others with 401, with 429 where many wrong ones came before, or with 403 or 503 as the identity provider has it. */
export function requireToken(entrance: Entrance): RequestHandler {
  return async (request, response, next) => {
    try {
      const viewer = await entrance.admit(request.socket.remoteAddress, request.headers.authorization);
      response.locals['viewer'] = viewer;
      const facts = currentRequest();
      if (facts) facts.tokenId = viewer.tokenId;
    } catch (error) {
      if (!(error instanceof UserError)) return next(error);
      if (error.code === 'RATE_LIMITED') response.setHeader('Retry-After', String(error.details?.['retryAfter']));
      else if (error.code === 'UNAUTHENTICATED') response.setHeader('WWW-Authenticate', 'Bearer realm="osteograph"');
      return next(error);
    }
    next();
  };
}

function refusal({ msBeforeNext }: RateLimiterRes, { points, duration }: RateLimiterMemory): UserError {
  const seconds = Math.max(Math.ceil(msBeforeNext / 1_000), 1);
  return new UserError(
    'RATE_LIMITED',
    `This address has shown ${points} wrong tokens within ${duration} s; new tokens are looked at again in ${seconds} s.`,
    { details: { retryAfter: seconds } },
  );
}
