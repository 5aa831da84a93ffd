import type { RequestHandler, Response } from 'express';
import { UserError } from '../domain/errors.js';
import type { KnownTokens } from '../services/access/index.js';
import type { TokenPrincipal } from '../policy/index.js';
import { currentRequest } from './logging.js';

type Verifier = Pick<KnownTokens, 'verify'>;

/**
 * Who sends this `Authorization` header.
 *
 * @throws UserError UNAUTHENTICATED
 */
export async function authenticate(tokens: Verifier, header: unknown): Promise<TokenPrincipal> {
  const match = typeof header === 'string' ? /^Bearer +(\S+)$/i.exec(header) : null;
  if (!match) {
    throw new UserError(
      'UNAUTHENTICATED',
      'Send "Authorization: Bearer <token>"; "osteograph token create" makes one.',
    );
  }
  return tokens.verify(match[1]!);
}

/** Lets requests with a good token pass and answers the others with 401. */
export function requireToken(tokens: Verifier): RequestHandler {
  return async (request, response, next) => {
    try {
      const viewer = await authenticate(tokens, request.headers.authorization);
      response.locals['viewer'] = viewer;
      const facts = currentRequest();
      if (facts) facts.tokenId = viewer.tokenId;
    } catch (error) {
      if (error instanceof UserError) response.setHeader('WWW-Authenticate', 'Bearer realm="osteograph"');
      return next(error);
    }
    next();
  };
}

/** The viewer that {@link requireToken} found. */
export function viewerOf(response: Response): TokenPrincipal {
  return response.locals['viewer'] as TokenPrincipal;
}
