import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND_LINE } from '../../src/policy/index.js';
import { audit } from '../../src/services/access/index.js';
import { checkAudit, sealAudit } from '../../src/services/audit/index.js';
import { eraseParticipant } from '../../src/services/erasures/index.js';
import { openOwnBlobStore } from '../../src/storage/index.js';
import { startTestServer, type TestServer } from '../helpers/server.js';

let api: TestServer;
let folder: string;

beforeAll(async () => {
  api = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'osteograph-audit-'));
});

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

const ABOUT =
  'query ($id: String) { auditEntries(participant: $id) { totalCount nodes { action target place erased } } }';

test('an erasure takes a participant out of sealed rows, and the chain stays whole', async () => {
  const { dataSource, make } = api;
  for (const oaiId of ['9000001', '9000002']) await make.participant({ oaiId });
  for (const oaiId of ['9000001', '9000002']) {
    await audit(dataSource, { tokenId: null, action: 'import', detail: { oaiId } });
    await audit(dataSource, { tokenId: null, action: 'look', target: oaiId });
  }
  await sealAudit(dataSource);
  await audit(dataSource, { tokenId: null, action: 'look again', target: '9000001' });

  const before = await api.ask<{ auditEntries: { totalCount: number } }>(ABOUT, { id: '9000001' });
  expect(before.data!.auditEntries.totalCount).toBe(3);

  await eraseParticipant({ dataSource, store: await openOwnBlobStore(dataSource, { dataDir: folder }) }, COMMAND_LINE, {
    oaiId: '9000001',
  });
  await sealAudit(dataSource);

  const check = await checkAudit(dataSource);
  expect(check).toMatchObject({ faults: [], unsealed: 0 });
  // Nothing but pseudonyms stood in them: there is no word to take out, and the key that made the pseudonyms is gone.
  expect(check.erased).toBe(0);
  const gone = await api.ask(ABOUT, { id: '9000001' });
  expect(gone.errors![0]!.extensions.code).toBe('NOT_FOUND');
  const stays = await api.ask<{ auditEntries: { nodes: object[] } }>(ABOUT, { id: '9000002' });
  expect(stays.data!.auditEntries.nodes).toMatchObject([{ action: 'look' }, { action: 'import' }]);
});

test('rows that name a file of theirs lose what they said, and the erasure says which', async () => {
  const { dataSource, make } = api;
  const participant = await make.participant({ oaiId: '9000003' });
  const exam = await make.exam(await make.visit(participant));
  const film = await make.radiograph(exam);
  await audit(dataSource, {
    tokenId: null,
    action: 'readRadiograph',
    detail: { radiographId: film.id, why: 'a test' },
  });
  await sealAudit(dataSource);
  const [row] = await dataSource.query<{ seq: number }[]>(
    `SELECT seq FROM audit_entry WHERE action = 'readRadiograph'`,
  );
  const about = await api.ask<{ auditEntries: { nodes: object[] } }>(ABOUT, { id: '9000003' });
  expect(about.data!.auditEntries.nodes).toMatchObject([{ action: 'readRadiograph' }]);

  await eraseParticipant({ dataSource, store: await openOwnBlobStore(dataSource, { dataDir: folder }) }, COMMAND_LINE, {
    oaiId: '9000003',
  });
  await sealAudit(dataSource);

  expect(await checkAudit(dataSource)).toMatchObject({ faults: [], erased: 1 });
  const { data, errors } = await api.ask<{ auditEntries: { nodes: object[] } }>(
    '{ auditEntries(where: { action: { in: ["readRadiograph", "eraseParticipant"] } }, first: 2) { nodes { action detail place erased } } }',
  );
  expect(errors).toBeUndefined();
  expect(data!.auditEntries.nodes).toMatchObject([
    { action: 'eraseParticipant', detail: { auditPlaces: [row!.seq] }, erased: false },
    { action: 'readRadiograph', detail: { radiographId: null, why: 'a test' }, place: row!.seq, erased: true },
  ]);
});
