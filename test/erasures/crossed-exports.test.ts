import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Export } from '../../src/entities/index.js';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { createToken } from '../../src/services/access/tokens.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { requestExport } from '../../src/services/exports/index.js';
import { openOwnBlobStore } from '../../src/storage/index.js';
import { untilWaiting } from '../helpers/locks.js';
import { createTestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';
import { startExportRunner } from '../helpers/work.js';

test('a table that is written while an erasure is under way is taken back with it', async () => {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-erasures-'));
  const { dataSource } = database;
  const holder = dataSource.createQueryRunner();
  try {
    const make = factories(dataSource);
    const participant = await make.participant({ oaiId: '9000001' });
    await make.exam(await make.visit(participant));
    const store = await openOwnBlobStore(dataSource, { dataDir });
    const { token } = await createToken(dataSource, { name: 'reader', role: 'READER' });
    const reader = { tokenId: token.id, name: 'reader', role: 'READER', project: null, expiresAt: null } as const;
    const { id } = await requestExport(dataSource, reader, { format: 'CSV' }, 'exportCohort');
    const row = () => dataSource.getRepository(Export).findOneOrFail({ where: { id }, relations: { asset: true } });

    // The erasure has been past the exports when it comes to the audit, and its rows are there for others until it ends.
    await holder.startTransaction();
    await holder.query('LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE');
    const erasing = eraseParticipant({ dataSource, store }, COMMAND_LINE, { oaiId: '9000001' });
    await untilWaiting(dataSource, 'audit_entry');
    const runner = startExportRunner({ dataSource, store });
    let written = await row();
    while (written.state !== 'SUCCEEDED') written = await row();
    await runner.close();
    expect(written.rows).toBe(1);
    await holder.rollbackTransaction();

    expect(await erasing).toMatchObject({ expiredExports: 1, restartedExports: 0 });
    expect(await row()).toMatchObject({ state: 'EXPIRED', asset: null });
    expect(await store.exists(written.asset!.storageKey)).toBe(false);
  } finally {
    await holder.release();
    await rm(dataDir, { recursive: true });
    await database.drop();
  }
});
