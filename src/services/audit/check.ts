import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { UserError } from '../../domain/errors.js';
import { queryRow, queryRows } from '../../entities/index.js';
import { CONTENT_SQL, contentDigest, linkDigest, momentSql, NO_DIGEST } from './chain.js';

/** Where a chain ended when somebody looked. */
export interface ChainHead {
  seq: number;
  digest: string;
}

export interface AuditCheck {
  /** Rows that are linked, and were checked. */
  sealed: number;
  /** Rows that have come and are not linked yet. */
  unsealed: number;
  /** Of the sealed: rows that an erasure has changed, as its own row says; what they said cannot be checked any more. */
  erased: number;
  /** The last row that retention has removed, as its own row says; 0 for none. */
  removedThrough: number;
  /** The newest sealed row; null of an empty chain. */
  head: ChainHead | null;
  /** What is wrong, a sentence each, at most {@link MAX_FAULTS}. */
  faults: string[];
}

const MAX_FAULTS = 20;

/** Rows read at once. */
const CHUNK = 5_000;

const SEALED = z.object({
  id: z.number(),
  seq: z.number(),
  salt: z.string().nullable(),
  sealedAt: z.string(),
  contentDigest: z.string(),
  digest: z.string(),
  content: z.string(),
});

/**
 * Looks whether the audit is as it was written: every row says what was sealed, none is missing, none was put in between. A chain whose end was cut off or which was
 * made anew as a whole shows only against a head that was noted earlier.
 *
 * @param noted a head of before: the chain must still lead to it
 */
export async function checkAudit(dataSource: DataSource, noted?: ChainHead): Promise<AuditCheck> {
  const excuses = await readExcuses(dataSource);
  const faults: string[] = [];
  const complain = (sentence: string) => faults.length < MAX_FAULTS && faults.push(sentence);
  let [sealed, erased] = [0, 0];
  let last: ChainHead = { seq: 0, digest: NO_DIGEST };
  let reached = noted === undefined || excuses.removed.get(noted.seq) === noted.digest;
  for (;;) {
    const rows = await readSealed(dataSource, last.seq);
    for (const row of rows) {
      const { seq } = row;
      let previous = last.digest;
      if (seq !== last.seq + 1) {
        const removed = last.seq === 0 ? excuses.removed.get(seq - 1) : undefined;
        if (removed === undefined) complain(missingBefore(last.seq, seq));
        // What follows is judged from here on.
        previous = removed ?? '';
      }
      if (row.salt === null) {
        erased++;
        if (!excuses.erased.has(seq))
          complain(`Row ${row.id} (place ${seq}) cannot be checked, and no erasure says that it changed it.`);
      } else if (contentDigest(row.salt, row.content) !== row.contentDigest) {
        complain(`Row ${row.id} (place ${seq}) was changed after it was sealed.`);
      }
      if (previous !== '' && linkDigest({ ...row, previous }) !== row.digest) {
        complain(`Row ${row.id} (place ${seq}) does not follow the row before it.`);
      }
      if (seq === noted?.seq) {
        reached = true;
        if (row.digest !== noted.digest) complain(`Place ${seq} is not what was noted: the chain was made anew.`);
      }
      last = { seq, digest: row.digest };
      sealed++;
    }
    if (rows.length < CHUNK) break;
  }
  if (!reached) complain(`Place ${noted!.seq}, which was noted, is not there any more.`);
  const { unsealed } = await queryRow(
    dataSource,
    z.object({ unsealed: z.number() }),
    'SELECT count(*)::integer AS unsealed FROM audit_entry WHERE seq IS NULL',
  );
  return {
    sealed,
    unsealed,
    erased,
    removedThrough: Math.max(0, ...excuses.removed.keys()),
    head: last.seq > 0 ? last : null,
    faults,
  };
}

/**
 * A head as the log and "audit check" write it: "1234:9f86d0..." .
 *
 * @throws UserError BAD_USER_INPUT
 */
export function parseHead(text: string): ChainHead {
  const match = /^([1-9]\d{0,8}):([0-9a-f]{64})$/.exec(text.trim());
  if (!match) {
    throw new UserError('BAD_USER_INPUT', 'A head is a place and a digest, such as "1234:" and 64 hexadecimal digits.');
  }
  return { seq: Number(match[1]), digest: match[2]! };
}

function missingBefore(last: number, seq: number): string {
  const [from, to] = [last + 1, seq - 1];
  return from === to ? `Place ${from} of the chain is missing.` : `Places ${from} to ${to} of the chain are missing.`;
}

function readSealed(dataSource: DataSource, after: number): Promise<z.infer<typeof SEALED>[]> {
  return queryRows(
    dataSource,
    SEALED,
    `SELECT id, seq, salt, ${momentSql('sealed_at')} AS "sealedAt", content_digest AS "contentDigest", digest, ${CONTENT_SQL} AS content
     FROM audit_entry WHERE seq > $1 ORDER BY seq LIMIT ${CHUNK}`,
    [after],
  );
}

/** What rows of the audit themselves say was done to it: places that retention removed up to, with their digests, and places that erasures changed. */
async function readExcuses(dataSource: DataSource): Promise<{ removed: Map<number, string>; erased: Set<number> }> {
  const rows = await queryRows(
    dataSource,
    z.object({ action: z.string(), detail: z.unknown() }),
    `SELECT action, detail FROM audit_entry WHERE action IN ('eraseParticipant', 'retention')`,
  );
  const removed = new Map<number, string>();
  const erased = new Set<number>();
  for (const { action, detail } of rows) {
    const { data } = EXCUSE.safeParse(detail);
    if (action === 'retention' && data?.removedThrough)
      removed.set(data.removedThrough.seq, data.removedThrough.digest);
    if (action === 'eraseParticipant') for (const seq of data?.auditPlaces ?? []) erased.add(seq);
  }
  return { removed, erased };
}

const EXCUSE = z.object({
  removedThrough: z.object({ seq: z.number(), digest: z.string() }).optional(),
  auditPlaces: z.array(z.number()).optional(),
});
