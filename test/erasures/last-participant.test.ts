import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { openOwnBlobStore } from '../../src/storage/index.js';
import { createTestDatabase } from '../helpers/database.js';
import { factories } from '../helpers/factories.js';
import { hunt } from '../helpers/hunt.js';

test('the only participant is gone from the statistics of tables that have no row any more', async () => {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'osteograph-erasures-'));
  try {
    const { dataSource } = database;
    const make = factories(dataSource);
    const participant = await make.participant({ oaiId: '9000001' });
    const visit = await make.visit(participant);
    const uids = ['2.25.111222333444', '2.25.555666777888'];
    for (const sopInstanceUid of uids) await make.radiograph(visit, { sopInstanceUid });
    await dataSource.query('ANALYZE');
    const store = await openOwnBlobStore(dataSource, { dataDir });
    const places = () => hunt({ dataSource, store }, uids);
    expect(await places()).not.toEqual([]);

    await eraseParticipant({ dataSource, store }, COMMAND_LINE, { oaiId: '9000001' });

    expect(await places()).toEqual([]);
  } finally {
    await rm(dataDir, { recursive: true });
    await database.drop();
  }
});
