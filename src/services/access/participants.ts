import { createHmac, randomBytes } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRows, sharedSecret } from '../../entities/index.js';
import { UserError } from '../../domain/errors.js';
import { replaceOaiIds } from '../../domain/names-in-text.js';
import { daysBackBy } from '../../imaging/deidentification/index.js';

type Database = DataSource | EntityManager;

const SECRET_NAME = 'erasures';

/** A keyed digest of whatever must be known again and may not be told: 64 hexadecimal digits. */
export type KeyedDigest = (text: string) => string;

/** What tombstones and the digests of a certificate are made with: a secret of this database, so that nobody else can try ids. */
export async function erasureDigest(database: Database): Promise<KeyedDigest> {
  const secret = await sharedSecret((text, values) => database.query(text, values), SECRET_NAME);
  const key = Buffer.from(secret, 'hex');
  return (text) => createHmac('sha256', key).update(text).digest('hex');
}

/** Tells whether a participant has withdrawn consent and was erased. */
export type HasWithdrawn = (oaiId: string) => boolean;

/** The participants who have withdrawn, as they are now. Each id is digested once. */
export async function readWithdrawals(database: Database): Promise<HasWithdrawn> {
  const rows = await queryRows(database, z.object({ tombstone: z.string() }), 'SELECT tombstone FROM erasure');
  if (rows.length === 0) return () => false;
  const tombstones = new Set(rows.map(({ tombstone }) => tombstone));
  const digest = await erasureDigest(database);
  const known = new Map<string, boolean>();
  return (oaiId) => {
    let withdrawn = known.get(oaiId);
    if (withdrawn === undefined) known.set(oaiId, (withdrawn = tombstones.has(digest(oaiId))));
    return withdrawn;
  };
}

/** @throws UserError CONFLICT for a participant who has withdrawn; the sentence names nobody */
export async function refuseWithdrawn(database: Database, oaiId: string): Promise<void> {
  if ((await readWithdrawals(database))(oaiId)) throw new UserError('CONFLICT', `Nothing was imported: ${WITHDRAWN}`);
}

/** Why nothing of a participant is imported. */
export const WITHDRAWN = 'the participant has withdrawn consent and was erased.';

/** What stands in the audit for a participant who is erased already. */
const ERASED = 'erased';

/**
 * Names in what the audit keeps become pseudonyms: each participant's are made with a key of their own. With the key the audit of a
 * participant can still be found; without it nobody knows whom it is about.
 */
export async function underPseudonyms<T>(database: Database, value: T): Promise<T> {
  const ids = new Set<string>();
  mapTexts(value, (text) => replaceOaiIds(text, (id) => (ids.add(id), id)));
  if (ids.size === 0) return value;
  const pseudonyms = await pseudonymsOf(database, [...ids]);
  return pseudonyms.size === 0
    ? value
    : (mapTexts(value, (text) => replaceOaiIds(text, (id) => pseudonyms.get(id) ?? id)) as T);
}

/** Every text of a JSON value, names of members included, as `change` gives it. */
export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [change(name), mapTexts(member, change)]));
}

/**
 * A participant's key, and what stands in the audit for them.
 *
 * @throws UserError NOT_FOUND, for one who is erased too
 */
export async function knownInAudit(database: Database, oaiId: string): Promise<{ id: number; pseudonym: string }> {
  const { id, key } = await participantKey(database, oaiId);
  return { id, pseudonym: pseudonym(key, oaiId) };
}

async function pseudonymsOf(database: Database, oaiIds: readonly string[]): Promise<Map<string, string>> {
  const known = await queryRows(
    database,
    z.object({ id: z.number(), oaiId: z.string() }),
    'SELECT id, oai_id AS "oaiId" FROM participant WHERE oai_id = ANY($1)',
    [oaiIds],
  );
  const pseudonyms = new Map<string, string>();
  for (const { id, oaiId } of known) pseudonyms.set(oaiId, pseudonym((await keyOf(database, id)).key, oaiId));
  if (known.length < oaiIds.length) {
    const hasWithdrawn = await readWithdrawals(database);
    for (const oaiId of oaiIds) if (hasWithdrawn(oaiId)) pseudonyms.set(oaiId, ERASED);
  }
  return pseudonyms;
}

function pseudonym(key: string, oaiId: string): string {
  const digest = createHmac('sha256', Buffer.from(key, 'hex')).update(oaiId).digest('hex');
  return `participant:${digest.slice(0, 16)}`;
}

/**
 * How many days the dates of a participant's images go back: the same for all of them, so that the time between two stays what it was. It
 * comes from the participant's key unless a release has told it, and cannot be told any more once the participant is erased.
 *
 * @throws UserError NOT_FOUND
 */
export async function daysBackOf(database: Database, oaiId: string): Promise<number> {
  const { key, daysBack } = await participantKey(database, oaiId);
  if (daysBack !== null) return daysBack;
  return daysBackBy(Buffer.from(key, 'hex'), 'dates');
}

/**
 * Notes how many days the dates of a participant's images go back, for a release tells it.
 *
 * @returns how many they went back until now; null where a release has told it before, which stays
 * @throws UserError NOT_FOUND
 */
export async function settleDaysBack(database: Database, oaiId: string, daysBack: number): Promise<number | null> {
  const { id, daysBack: settled } = await participantKey(database, oaiId);
  if (settled !== null) return null;
  const before = await daysBackOf(database, oaiId);
  await database.query('UPDATE audit_key SET days_back = $2 WHERE participant_id = $1', [id, daysBack]);
  return before;
}

async function participantKey(database: Database, oaiId: string): Promise<ParticipantKey & { id: number }> {
  const [participant] = await queryRows(
    database,
    z.object({ id: z.number() }),
    'SELECT id FROM participant WHERE oai_id = $1',
    [oaiId],
  );
  if (!participant) throw new UserError('NOT_FOUND', 'There is no such participant.');
  return { id: participant.id, ...(await keyOf(database, participant.id)) };
}

/** What UIDs of images are replaced with: a secret of this database, so that the objects of one study go on belonging together. */
export async function uidKey(database: Database): Promise<Buffer> {
  return Buffer.from(await sharedSecret((text, values) => database.query(text, values), 'deidentification'), 'hex');
}

/**
 * What takes the place of {@link uidKey} in uploads of a token: whoever uploads a file learns the UIDs that stand for its own, and these must not
 * tell which participant's images have the same.
 */
export async function uploadKey(database: Database, tokenId: number): Promise<Buffer> {
  return createHmac('sha256', await uidKey(database))
    .update(`upload ${tokenId}`)
    .digest();
}

const PARTICIPANT_KEY = z.object({ key: z.string(), daysBack: z.number().nullable() });
type ParticipantKey = z.infer<typeof PARTICIPANT_KEY>;

/** The key of a participant, made when it is first needed. */
async function keyOf(database: Database, participantId: number): Promise<ParticipantKey> {
  const key = randomBytes(32).toString('hex');
  await database.query('INSERT INTO audit_key (participant_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    participantId,
    key,
  ]);
  const [row] = await queryRows(
    database,
    PARTICIPANT_KEY,
    'SELECT key, days_back AS "daysBack" FROM audit_key WHERE participant_id = $1',
    [participantId],
  );
  return row!;
}
