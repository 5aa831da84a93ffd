import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import type { Role } from '../../domain/roles.js';
import { readRows } from '../../entities/index.js';
import { audit } from '../access/index.js';

/** Somebody for whom a provider vouches, as one of their tokens tells it. */
export interface Person {
  issuer: string;
  subject: string;
  name: string;
  role: Role;
  /** When the token ends. */
  expiresAt: Date;
}

const KNOWN = z.object({ id: z.number(), role: z.string(), expires_at: z.date(), revoked_at: z.date().nullable() });

/**
 * The key of somebody's row, by which they own things. They are told by issuer and subject, whatever their tokens call them; the row follows the
 * token that ends last. Who comes for the first time, or with another role, leaves a row in the audit: the others name this key.
 *
 * @throws UserError UNAUTHENTICATED when they were revoked here
 */
export async function keyOfPerson(dataSource: DataSource, person: Person): Promise<number> {
  const before = await find(dataSource, person);
  if (before?.revoked_at) {
    throw new UserError('UNAUTHENTICATED', 'An administrator of this server has revoked your access.');
  }
  if (before && before.expires_at >= person.expiresAt) return before.id;
  const { issuer, subject, name, role, expiresAt } = person;
  return dataSource.transaction(async (manager) => {
    const [row] = await manager.query<[{ id: number }]>(
      `INSERT INTO api_token (issuer, subject, name, role, expires_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (issuer, subject) DO UPDATE
       SET name = EXCLUDED.name, role = EXCLUDED.role, expires_at = greatest(api_token.expires_at, EXCLUDED.expires_at)
       RETURNING id`,
      [issuer, subject, name, role, expiresAt],
    );
    if (before?.role !== role) {
      const detail = { issuer, subject, name, role };
      await audit(manager, { tokenId: row.id, action: 'signIn', target: String(row.id), detail });
    }
    return row.id;
  });
}

/** Whether an administrator of this server has revoked somebody. */
export async function isRevoked(dataSource: DataSource, person: Pick<Person, 'issuer' | 'subject'>): Promise<boolean> {
  const found = await find(dataSource, person);
  return found !== undefined && found.revoked_at !== null;
}

async function find(
  dataSource: DataSource,
  { issuer, subject }: Pick<Person, 'issuer' | 'subject'>,
): Promise<z.infer<typeof KNOWN> | undefined> {
  const [row] = await readRows(
    dataSource,
    'SELECT id, role, expires_at, revoked_at FROM api_token WHERE issuer = $1 AND subject = $2',
    [issuer, subject],
  );
  return row && KNOWN.parse(row);
}

/**
 * Lets somebody in again who was revoked here; what their next token gives them is the provider's to say.
 *
 * @throws UserError NOT_FOUND for what is no person's key
 */
export async function readmitPerson(dataSource: DataSource, key: number): Promise<string> {
  const [person] = await readRows(
    dataSource,
    'UPDATE api_token SET revoked_at = NULL WHERE id = $1 AND subject IS NOT NULL RETURNING id, name, issuer, subject',
    [key],
  );
  if (!person) throw new UserError('NOT_FOUND', `There is no person ${key}; "osteograph token list" shows them.`);
  return NAMED.parse(person).name;
}

/** Name, issuer and subject of those among these keys that are people's. */
export async function peopleBehind(
  dataSource: DataSource,
  keys: readonly number[],
): Promise<Map<number, Pick<Person, 'name' | 'issuer' | 'subject'>>> {
  const rows = await readRows(
    dataSource,
    'SELECT id, name, issuer, subject FROM api_token WHERE id = ANY($1) AND subject IS NOT NULL',
    [keys],
  );
  return new Map(rows.map((row) => NAMED.parse(row)).map(({ id, ...person }) => [id, person]));
}

const NAMED = z.object({ id: z.number(), name: z.string(), issuer: z.string(), subject: z.string() });
