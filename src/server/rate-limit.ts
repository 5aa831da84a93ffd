import { HeaderMap } from '@apollo/server';
import type { RequestHandler, Response } from 'express';
import { GraphQLError } from 'graphql';
import { UserError } from '../domain/errors.js';
import type { Quotas, Standing } from '../services/access/index.js';
import { viewerOf } from './authenticate.js';
import type { Share, TokenLimits } from './token-limits.js';

/** What every request costs, so that one that cannot be parsed is not free. */
export const REQUEST_POINTS = 1;

/** Charges each request to its token's quota before anything of it is read, and says in headers how the token stands. */
export function chargeRequests(quotas: Quotas | undefined, limits: TokenLimits): RequestHandler {
  return async (_request, response, next) => {
    response.locals['shares'] = () => limits.standing(viewerOf(response).tokenId);
    if (!quotas) setRateHeaders(response, undefined);
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
    setRateHeaders(response, await quotas.spend(tokenId, points, what));
  } catch (error) {
    setRateHeaders(response, quotas.standing(tokenId), error);
    throw error;
  }
}

function setRateHeaders(response: Response, standing: Standing | undefined, refusal?: unknown): void {
  const shares = response.locals['shares'] as () => Share[];
  response.set(Object.fromEntries(rateHeaders(standing, shares(), refusal)));
}

/** A refusal of the quota as GraphQL answers it over HTTP; any other error as it is. */
export function httpRefusal(error: unknown, standing: Standing, shares: readonly Share[]): unknown {
  if (!isRefusal(error)) return error;
  const http = { status: 429, headers: rateHeaders(standing, shares, error) };
  return new GraphQLError(error.message, { originalError: error, extensions: { http } });
}

/**
 * How a token stands, as draft-ietf-httpapi-ratelimit-headers-10 writes it: the policy "points" has a quota `q` in a window of `w`
 * seconds, of which `r` points remain and which is whole again in `t` seconds; of each share there may be `q` at a time, and `r`
 * more. A refusal says Retry-After, too.
 */
export function rateHeaders(standing: Standing | undefined, shares: readonly Share[], refusal?: unknown): HeaderMap {
  const policies = shares.map(({ name, limit }) => `"${name}";q=${limit};qu="concurrent-requests"`);
  const remaining = shares.map((share) => `"${share.name}";r=${share.remaining}`);
  if (standing) {
    policies.unshift(`"points";q=${standing.limit};w=${standing.window}`);
    remaining.unshift(`"points";r=${standing.remaining};t=${standing.resetSeconds}`);
  }
  return new HeaderMap([
    ['ratelimit-policy', policies.join(', ')],
    ['ratelimit', remaining.join(', ')],
    ...(standing && isRefusal(refusal) ? [['retry-after', String(standing.resetSeconds)] as const] : []),
  ]);
}

function isRefusal(error: unknown): error is UserError {
  return error instanceof UserError && error.code === 'RATE_LIMITED';
}
