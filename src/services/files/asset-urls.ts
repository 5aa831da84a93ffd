import { createHmac, timingSafeEqual } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { UserError } from '../../domain/errors.js';
import { ROLES, type Role } from '../../domain/roles.js';
import { sharedSecret } from '../../entities/index.js';

/** What a signed URL allows. */
export interface AssetGrant {
  /** Lower-case hex digest: the asset. */
  sha256: string;
  /** Unix seconds. */
  expires: number;
  /** The token it was made for, for the audit row of the download. */
  tokenId: number;
  /** What that token allowed then: a person's tokens have roles of their own and one key. */
  role: Role;
}

/** Makes and checks the URLs by which blobs leave the platform. */
export interface AssetUrls {
  /** Path and query, to be resolved against the server's own address. */
  sign(sha256: string, viewer: Pick<AssetGrant, 'tokenId' | 'role'>): { url: string; expiresAt: Date };
  /** @throws UserError FORBIDDEN when it has expired or was tampered with. */
  verify(sha256: string, query: Record<string, unknown>): AssetGrant;
}

/** URLs live one to two of these. Whole periods give one URL per asset and period, which browsers can cache. */
const PERIOD_S = 3600;

const SECRET_NAME = 'asset-urls';

/**
 * The platform's URL signer; its key lives in the database, so that every API process accepts every other one's URLs.
 *
 * @param now milliseconds since 1970, by a clock that all processes share
 */
export async function createAssetUrls(dataSource: DataSource, now: () => number): Promise<AssetUrls> {
  const secret = await sharedSecret((text, values) => dataSource.query(text, values), SECRET_NAME);
  const key = Buffer.from(secret, 'hex');
  const signature = ({ sha256, expires, tokenId, role }: AssetGrant) =>
    createHmac('sha256', key).update(`${sha256}\n${expires}\n${tokenId}\n${role}`).digest();
  return {
    sign(sha256, { tokenId, role }) {
      const expires = (Math.floor(now() / 1000 / PERIOD_S) + 2) * PERIOD_S;
      const signed = signature({ sha256, expires, tokenId, role }).toString('base64url');
      const url = `/assets/${sha256}?expires=${expires}&token=${tokenId}&role=${role}&signature=${signed}`;
      return { url, expiresAt: new Date(expires * 1000) };
    },
    verify(sha256, query) {
      const grant = {
        sha256,
        expires: wholeNumber(query['expires']),
        tokenId: wholeNumber(query['token']),
        role: ROLES.find((role) => role === query['role']) ?? 'SUMMARY',
      };
      const given = Buffer.from(typeof query['signature'] === 'string' ? query['signature'] : '', 'base64url');
      const expected = signature(grant);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new UserError('FORBIDDEN', 'The signature of this URL is wrong; ask the API for a new URL.');
      }
      if (grant.expires * 1000 <= now()) {
        throw new UserError('FORBIDDEN', 'This URL has expired; ask the API for a new one.');
      }
      return grant;
    },
  };
}

function wholeNumber(text: unknown): number {
  return typeof text === 'string' && /^\d{1,12}$/.test(text) ? Number(text) : -1;
}
