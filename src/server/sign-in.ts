import type { RequestHandler } from 'express';
import type { Identity } from '../services/identity/index.js';

export const SIGN_IN_PATH = '/sign-in';

/** `GET /sign-in`: at which identity provider people sign in, for the web app and the command line; null where tokens are all there is. */
export function signInHandler(identity: Identity | undefined): RequestHandler {
  return async (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ provider: (await identity?.signIn()) ?? null });
  };
}
