import { createHash, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { queryRow, queryRows } from '../../entities/index.js';
import { type BackgroundWork, startBackground } from '../../work/index.js';

/** What the first row of a chain follows. */
export const NO_DIGEST = '0'.repeat(64);

/** A moment as it is digested: UTC, six decimals, of column `column`. */
export const momentSql = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** What a row of the audit says, as the text that is digested: a JSON array as PostgreSQL writes it. */
export const CONTENT_SQL = `jsonb_build_array(id, ${momentSql('at')}, token_id, action, target, detail)::text`;

/** SHA-256 of what a row says, under its salt: 64 hexadecimal digits. */
export function contentDigest(salt: string, content: string): string {
  return sha256(`${salt}\n${content}`);
}

export interface Link {
  /** Digest of the row before; {@link NO_DIGEST} of the first. */
  previous: string;
  seq: number;
  /** As {@link momentSql} writes it. */
  sealedAt: string;
  contentDigest: string;
}

/** SHA-256 that links a row to all before it: 64 hexadecimal digits. */
export function linkDigest({ previous, seq, sealedAt, contentDigest }: Link): string {
  return sha256([previous, seq, sealedAt, contentDigest].join('\n'));
}

/** Rows sealed in one transaction. */
const CHUNK = 1_000;

/** Any number that nothing else locks by. */
const LOCK = 6_200_001;

/**
 * Links the rows that have come since to the chain, in the order of their numbers. A row that is committed later than one with a higher
 * number comes after it. Any number of processes may: one after the other does.
 *
 * @returns how many
 */
export async function sealAudit(dataSource: DataSource): Promise<number> {
  let total = 0;
  for (;;) {
    const sealed = await dataSource.transaction(sealChunk);
    total += sealed;
    if (sealed < CHUNK) return total;
  }
}

/** Has nobody seal until the transaction ends. */
export async function lockChain(manager: EntityManager): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
}

async function sealChunk(manager: EntityManager): Promise<number> {
  await lockChain(manager);
  const rows = await queryRows(
    manager,
    z.object({ id: z.number(), content: z.string() }),
    // An erasure may be changing a row: its turn comes later.
    `SELECT id, ${CONTENT_SQL} AS content FROM audit_entry WHERE seq IS NULL ORDER BY id LIMIT ${CHUNK} FOR UPDATE SKIP LOCKED`,
  );
  if (rows.length === 0) return 0;
  const [head] = await readHead(manager);
  const { now } = await queryRow(
    manager,
    z.object({ now: z.string() }),
    `SELECT ${momentSql('clock_timestamp()')} AS now`,
  );
  let previous = head?.digest ?? NO_DIGEST;
  const links = rows.map(({ id, content }, index) => {
    const salt = randomUUID();
    const link = {
      previous,
      seq: (head?.seq ?? 0) + 1 + index,
      sealedAt: now,
      contentDigest: contentDigest(salt, content),
    };
    previous = linkDigest(link);
    return { id, salt, ...link, digest: previous };
  });
  await manager.query(
    `UPDATE audit_entry e SET seq = l.seq, salt = l.salt, sealed_at = $6::timestamptz, content_digest = l.content_digest, digest = l.digest
     FROM unnest($1::integer[], $2::integer[], $3::uuid[], $4::text[], $5::text[]) AS l(id, seq, salt, content_digest, digest) WHERE e.id = l.id`,
    [
      links.map(({ id }) => id),
      links.map(({ seq }) => seq),
      links.map(({ salt }) => salt),
      links.map(({ contentDigest }) => contentDigest),
      links.map(({ digest }) => digest),
      now,
    ],
  );
  return links.length;
}

/** The newest sealed row, or none. */
export function readHead(database: DataSource | EntityManager): Promise<{ seq: number; digest: string }[]> {
  return queryRows(
    database,
    z.object({ seq: z.number(), digest: z.string() }),
    'SELECT seq, digest FROM audit_entry WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1',
  );
}

/** How often rows that have come are sealed, ms: who changes one within this time is not found out. */
const SEAL_MS = 5_000;

/** How often the log says how far the chain is, ms. */
const SAY_MS = 3_600_000;

/**
 * Seals for as long as a server runs, and tells the log where the chain ends, now and then: who keeps the log elsewhere can tell a chain that was cut or
 * made anew.
 */
export function startAuditSeal({ dataSource, logger }: { dataSource: DataSource; logger: Logger }): BackgroundWork {
  let nextSaid = 0;
  return startBackground({
    name: 'audit',
    logger,
    pollMs: SEAL_MS,
    async next() {
      if ((await sealAudit(dataSource)) === 0 || performance.now() < nextSaid) return undefined;
      nextSaid = performance.now() + SAY_MS;
      const [head] = await readHead(dataSource);
      if (head) logger.info({ auditSeq: head.seq, auditDigest: head.digest }, 'the audit is sealed up to here');
      return undefined;
    },
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
