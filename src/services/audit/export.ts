import type { DataSource } from 'typeorm';
import { sealAudit } from './chain.js';
import { sealedRows } from './rows.js';

/**
 * The chain as lines of JSON, oldest first, with all that somebody else's program needs to check it: `content` is the text that was digested, a JSON array
 * of number, time, token, action, target and detail. What has come since is sealed before.
 */
export async function* exportAudit(dataSource: DataSource): AsyncGenerator<Buffer> {
  await sealAudit(dataSource);
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction('REPEATABLE READ');
    for await (const { id: _, ...line } of sealedRows(runner)) yield Buffer.from(`${JSON.stringify(line)}\n`);
  } finally {
    await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}
