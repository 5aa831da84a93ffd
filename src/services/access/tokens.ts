import { createHash, randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { ROLES } from '../../domain/roles.js';
import type { Role } from '../../domain/roles.js';
import { ApiToken, readRows } from '../../entities/index.js';
import type { TokenPrincipal } from '../../policy/index.js';

export interface NewToken {
  /** Who or what it is for, 1 to 100 characters. */
  name: string;
  role: Role;
  /** Null or absent: until it is revoked. */
  expiresAt?: Date | null | undefined;
}

/** Recognisable in logs and by secret scanners. */
const PREFIX = 'osteo_';

/**
 * Makes a token. The text is shown once; only its hash is kept.
 *
 * @throws UserError BAD_USER_INPUT for an empty or long name, an unknown role or an expiry in the past.
 */
export async function createToken(
  dataSource: DataSource,
  { name, role, expiresAt }: NewToken,
): Promise<{ text: string; token: ApiToken }> {
  const trimmed = name.trim();
  if (trimmed.length < 1 || trimmed.length > 100 || trimmed.includes('\0')) {
    throw new UserError('BAD_USER_INPUT', 'name must have between 1 and 100 characters.');
  }
  if (!ROLES.includes(role)) throw new UserError('BAD_USER_INPUT', `role must be one of ${ROLES.join(', ')}.`);
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw new UserError('BAD_USER_INPUT', `expiresAt must lie in the future, got ${expiresAt.toISOString()}.`);
  }
  const text = PREFIX + randomBytes(32).toString('base64url');
  const repository = dataSource.getRepository(ApiToken);
  const token = await repository.save(
    repository.create({ name: trimmed, role, hash: hashToken(text), expiresAt: expiresAt ?? null, revokedAt: null }),
  );
  return { text, token };
}

/**
 * Who the token with this hash stands for, and for how many more milliseconds; null for one that does not expire.
 *
 * @throws UserError UNAUTHENTICATED when it is unknown, has expired or was revoked. One sentence for all three: a stranger
 *   learns nothing.
 */
export async function findToken(
  dataSource: DataSource,
  hash: string,
): Promise<{ viewer: TokenPrincipal; msLeft: number | null }> {
  const rows = await readRows(
    dataSource,
    `SELECT id, name, role, expires_at, (1000 * extract(epoch FROM expires_at - now()))::double precision AS ms_left
     FROM api_token WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
    [hash],
  );
  const token = rows[0] && FOUND.parse(rows[0]);
  if (!token) {
    throw new UserError(
      'UNAUTHENTICATED',
      'The token is unknown, has expired or was revoked; ask an administrator for one.',
    );
  }
  const { id, name, role, expires_at: expiresAt, ms_left: msLeft } = token;
  return { viewer: { tokenId: id, name, role, project: null, expiresAt }, msLeft };
}

/**
 * What the token with this key may do, null once it is revoked or has expired; whether it is a person, each of whose tokens has a role of its own; and
 * for how many more milliseconds, null for one that does not expire.
 */
export async function roleOfToken(
  dataSource: DataSource,
  tokenId: number,
): Promise<{ role: Role | null; isPerson: boolean; msLeft: number | null }> {
  const rows = await readRows(
    dataSource,
    `SELECT role, issuer IS NOT NULL AS person, (1000 * extract(epoch FROM expires_at - now()))::double precision AS ms_left
     FROM api_token WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
    [tokenId],
  );
  if (!rows[0]) return { role: null, isPerson: false, msLeft: null };
  const { role, person: isPerson, ms_left: msLeft } = STANDING.extend({ person: z.boolean() }).parse(rows[0]);
  return { role, isPerson, msLeft };
}

const STANDING = z.object({ role: z.enum(ROLES), ms_left: z.number().nullable() });
const FOUND = STANDING.extend({ id: z.number(), name: z.string(), expires_at: z.date().nullable() });

/**
 * Ends a token at once. Revoking twice changes nothing.
 *
 * @throws UserError NOT_FOUND when there is none with this key.
 */
export async function revokeToken(dataSource: DataSource, id: number): Promise<ApiToken> {
  const repository = dataSource.getRepository(ApiToken);
  await repository
    .createQueryBuilder()
    .update()
    .set({ revokedAt: () => 'now()' })
    .where('id = :id AND revoked_at IS NULL', { id })
    .execute();
  const token = await repository.findOneBy({ id });
  if (!token) throw new UserError('NOT_FOUND', 'There is no such token.');
  return token;
}

/** Every token, newest first; their texts are not known any more. */
export async function listTokens(dataSource: DataSource): Promise<ApiToken[]> {
  return dataSource.getRepository(ApiToken).find({ order: { id: 'DESC' } });
}

/** True while no token was ever made: the first start of `serve` makes one. */
export async function hasNoTokens(dataSource: DataSource): Promise<boolean> {
  return (await dataSource.getRepository(ApiToken).count({ take: 1 })) === 0;
}

/** What of a token is stored. */
export function hashToken(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
