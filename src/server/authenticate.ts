import type { Response } from 'express';
import { UserError } from '../domain/errors.js';
import type { KnownTokens } from '../services/access/index.js';
import type { TokenPrincipal } from '../policy/index.js';

type Verifier = Pick<KnownTokens, 'verify'>;

/**
 * Who sends this `Authorization` header.
 *
 * @throws UserError UNAUTHENTICATED
 */
export async function authenticate(tokens: Verifier, header: unknown): Promise<TokenPrincipal> {
  const text = tokenIn(header);
  if (text === undefined) {
    throw new UserError(
      'UNAUTHENTICATED',
      'Send "Authorization: Bearer <token>"; "osteograph token create" makes one.',
    );
  }
  return tokens.verify(text);
}

/** The token of an `Authorization` header; undefined where there is none. */
export function tokenIn(header: unknown): string | undefined {
  return typeof header === 'string' ? /^Bearer +(\S+)$/i.exec(header)?.[1] : undefined;
}

/** The viewer that `requireToken` found. */
export function viewerOf(response: Response): TokenPrincipal {
  return response.locals['viewer'] as TokenPrincipal;
}
