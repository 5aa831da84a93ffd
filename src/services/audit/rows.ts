import type { EntityManager, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { CONTENT_SQL, momentSql } from './chain.js';

const SEALED = z.object({
  seq: z.number(),
  sealedAt: z.string(),
  salt: z.string().nullable(),
  content: z.string(),
  contentDigest: z.string(),
  digest: z.string(),
  id: z.number(),
});

/** A link of the chain with the text that was digested, and the key of its row. */
export type SealedRow = z.infer<typeof SEALED>;

/** Rows read at once. */
const CHUNK = 1_000;

/**
 * The chain, from its beginning.
 *
 * @param database a transaction that sees one moment: an erasure or retention in between would look like tampering
 */
export async function* sealedRows(database: EntityManager | QueryRunner): AsyncGenerator<SealedRow> {
  let after = 0;
  for (;;) {
    const rows = await queryRows(
      database,
      SEALED,
      `SELECT seq, ${momentSql('sealed_at')} AS "sealedAt", salt, ${CONTENT_SQL} AS content, content_digest AS "contentDigest", digest, id
       FROM audit_entry WHERE seq > $1 ORDER BY seq LIMIT ${CHUNK}`,
      [after],
    );
    yield* rows;
    if (rows.length < CHUNK) return;
    after = rows.at(-1)!.seq;
  }
}
