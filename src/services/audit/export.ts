import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { queryRows } from '../../entities/index.js';
import { CONTENT_SQL, momentSql, sealAudit } from './chain.js';

/** Rows read at once. */
const CHUNK = 1_000;

const LINE = z.object({
  seq: z.number(),
  sealedAt: z.string(),
  salt: z.string().nullable(),
  content: z.string(),
  contentDigest: z.string(),
  digest: z.string(),
});

/**
 * The chain as lines of JSON, oldest first, with all that somebody else's program needs to check it: `content` is the text that was digested, a JSON array
 * of number, time, token, action, target and detail. What has come since is sealed before.
 */
export async function* exportAudit(dataSource: DataSource): AsyncGenerator<Buffer> {
  await sealAudit(dataSource);
  let after = 0;
  for (;;) {
    const rows = await queryRows(
      dataSource,
      LINE,
      `SELECT seq, ${momentSql('sealed_at')} AS "sealedAt", salt, ${CONTENT_SQL} AS content, content_digest AS "contentDigest", digest
       FROM audit_entry WHERE seq > $1 ORDER BY seq LIMIT ${CHUNK}`,
      [after],
    );
    for (const row of rows) yield Buffer.from(`${JSON.stringify(row)}\n`);
    if (rows.length < CHUNK) return;
    after = rows.at(-1)!.seq;
  }
}
