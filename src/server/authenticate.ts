import type { RequestHandler, Response } from 'express';
import type { DataSource } from 'typeorm';
import { UserError } from '../domain/errors.js';
import { verifyToken } from '../services/tokens.js';
import type { Viewer } from '../services/tokens.js';

/**
 * Who sends this `Authorization` header.
 *
 * @throws UserError UNAUTHENTICATED
 */
export async function authenticate(dataSource: DataSource, header: unknown): Promise<Viewer> {
  const match = typeof header === 'string' ? /^Bearer +(\S+)$/i.exec(header) : null;
  if (!match) {
    throw new UserError(
      'UNAUTHENTICATED',
      'Send "Authorization: Bearer <token>"; "osteograph token create" makes one.',
    );
  }
  return verifyToken(dataSource, match[1]!);
}

/** Lets requests with a good token pass and answers the others with 401. */
export function requireToken(dataSource: DataSource): RequestHandler {
  return async (request, response, next) => {
    try {
      response.locals['viewer'] = await authenticate(dataSource, request.headers.authorization);
    } catch (error) {
      if (error instanceof UserError) response.setHeader('WWW-Authenticate', 'Bearer realm="osteograph"');
      return next(error);
    }
    next();
  };
}

/** The viewer that {@link requireToken} found. */
export function viewerOf(response: Response): Viewer {
  return response.locals['viewer'] as Viewer;
}
