import { HeaderMap } from '@apollo/server';
import type { RequestHandler, Response } from 'express';
import { GraphQLError } from 'graphql';
import { UserError } from '../domain/errors.js';
import type { Quotas, Standing } from '../services/quotas.js';
import { viewerOf } from './authenticate.js';

/** What every request costs, so that one that cannot be parsed is not free. */
export const REQUEST_POINTS = 1;

/** Charges each request to its token's quota before anything of it is read, and says in headers how the token stands. */
export function chargeRequests(quotas: Quotas | undefined): RequestHandler {
  return async (_request, response, next) => {
    await charge(quotas, response, REQUEST_POINTS, 'this request');
    next();
  };
}

/**
 * Charges points to the quota of the token behind an answer whose head is not out yet.
 *
 * @throws UserError RATE_LIMITED
 */
export async function charge(
  quotas: Quotas | undefined,
  response: Response,
  points: number,
  what: string,
): Promise<void> {
  if (!quotas) return;
  const { tokenId } = viewerOf(response);
  try {
    response.set(Object.fromEntries(rateHeaders(await quotas.spend(tokenId, points, what))));
  } catch (error) {
    response.set(Object.fromEntries(rateHeaders(quotas.standing(tokenId), error)));
    throw error;
  }
}

/** A refusal of the quota as GraphQL answers it over HTTP; any other error as it is. */
export function httpRefusal(error: unknown, standing: Standing): unknown {
  if (!isRefusal(error)) return error;
  const http = { status: 429, headers: rateHeaders(standing, error) };
  return new GraphQLError(error.message, { originalError: error, extensions: { http } });
}

/**
 * How a token stands, as draft-ietf-httpapi-ratelimit-headers-10 writes it: the policy "points" has a quota `q` in a window of `w`
 * seconds, of which `r` points remain and which is whole again in `t` seconds. A refusal says Retry-After, too.
 */
export function rateHeaders({ limit, window, remaining, resetSeconds }: Standing, refusal?: unknown): HeaderMap {
  return new HeaderMap([
    ['ratelimit-policy', `"points";q=${limit};w=${window}`],
    ['ratelimit', `"points";r=${remaining};t=${resetSeconds}`],
    ...(isRefusal(refusal) ? [['retry-after', String(resetSeconds)] as const] : []),
  ]);
}

function isRefusal(error: unknown): error is UserError {
  return error instanceof UserError && error.code === 'RATE_LIMITED';
}
